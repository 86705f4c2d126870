package tarscan

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// number parses a numeric field: octal digits between spaces, ended by a NUL or
// the field; or, if its first bit is set, a two's complement number in the
// others. An empty field is 0. NULs before the digits are passed over, as GNU tar
// and archive/tar do.
func number(b []byte) (int64, error) {
	if len(b) > 0 && b[0]&0x80 != 0 {
		return base256(b)
	}
	return octal(b)
}

func base256(b []byte) (int64, error) {
	v := int64(b[0] & 0x7f)
	if b[0]&0x40 != 0 {
		v -= 0x80
	}
	for _, c := range b[1:] {
		if v > math.MaxInt64>>8 || v < math.MinInt64>>8 {
			return 0, malformed("number %q is too large", b)
		}
		v = v<<8 | int64(c)
	}
	return v, nil
}

// octal needs no care for overflows: fields have at most twelve digits.
func octal(b []byte) (int64, error) {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == 0) {
		i++
	}
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	first := i
	var v int64
	for i < len(b) && b[i] >= '0' && b[i] <= '7' {
		v = v<<3 | int64(b[i]-'0')
		i++
	}
	digits := i - first
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i < len(b) && b[i] != 0 || negative && digits == 0 {
		return 0, malformed("bad number %q", b)
	}
	if negative {
		v = -v
	}
	return v, nil
}

// decimal parses the number of a PAX record.
func decimal(s string) (int64, error) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, malformed("bad number %.40q", s)
	}
	return v, nil
}

// size parses a number that counts bytes.
func size(s string) (int64, error) {
	v, err := decimal(s)
	if err != nil {
		return 0, err
	}
	return v, checkSize(v)
}

func checkSize(v int64) error {
	if v < 0 || v > MaxSize {
		return ErrSize
	}
	return nil
}

// paxTime parses seconds since 1970 with an optional fraction, of which it takes
// nine digits and rounds down.
func paxTime(s string) (time.Time, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	whole, fraction, found := strings.Cut(digits, ".")
	if !allDigits(whole) || !allDigits(fraction) || whole == "" && (negative || !found || fraction == "") {
		return time.Time{}, malformed("bad time %.40q", s)
	}
	var sec int64
	if whole != "" {
		var err error
		if sec, err = decimal(whole); err != nil {
			return time.Time{}, err
		}
	}
	var nsec int64
	for i := range 9 {
		nsec *= 10
		if i < len(fraction) {
			nsec += int64(fraction[i] - '0')
		}
	}
	if !negative {
		return time.Unix(sec, nsec), nil
	}
	if len(fraction) > 9 && strings.Trim(fraction[9:], "0") != "" {
		nsec++
	}
	return time.Unix(-sec, -nsec), nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
