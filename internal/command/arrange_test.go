package command

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testFlags() []flag {
	return []flag{
		{name: "all", short: "a", value: new(bool)},
		{name: "quiet", short: "q", value: new(bool)},
		{name: "filter", short: "f", value: new([]string), arg: "FILTER"},
		{name: "output", short: "o", value: new(string), arg: "FILE"},
		{short: "n", value: new(int), arg: "N"},
	}
}

func TestArrange(t *testing.T) {
	tests := []struct {
		name    string
		line    []string
		command bool
		flags   []string
		args    []string
		help    bool
	}{
		{name: "nothing"},
		{name: "flags behind arguments", line: []string{"x", "-q", "y"}, flags: []string{"--quiet=true"}, args: []string{"x", "y"}},
		{name: "combined", line: []string{"-qa"}, flags: []string{"--quiet=true", "--all=true"}},
		{name: "combined with a value behind", line: []string{"-qf", "a=b"}, flags: []string{"--quiet=true", "--filter=a=b"}},
		{name: "combined with a value at it", line: []string{"-qfa=b"}, flags: []string{"--quiet=true", "--filter=a=b"}},
		{name: "short with =", line: []string{"-f=a=b", "-n=3"}, flags: []string{"--filter=a=b", "-n=3"}},
		{name: "short number", line: []string{"-n3", "-n", "-4"}, flags: []string{"-n=3", "-n=-4"}},
		{name: "long", line: []string{"--filter", "a", "--filter=b=c", "--output="}, flags: []string{"--filter=a", "--filter=b=c", "--output="}},
		{name: "a value that looks like a flag", line: []string{"-o", "-q"}, flags: []string{"--output=-q"}},
		{name: "dash alone", line: []string{"-", "-o", "-"}, flags: []string{"--output=-"}, args: []string{"-"}},
		{name: "dashes", line: []string{"-q", "--", "-a", "--", "x"}, flags: []string{"--quiet=true"}, args: []string{"-a", "--", "x"}},
		{name: "switch taken back", line: []string{"-q=false", "--all=0"}, flags: []string{"--quiet=false", "--all=0"}},
		{name: "help", line: []string{"x", "-qh", "--help"}, flags: []string{"--quiet=true"}, args: []string{"x"}, help: true},
		{
			name: "command", line: []string{"-q", "image", "sh", "-c", "--help", "--"}, command: true,
			flags: []string{"--quiet=true"}, args: []string{"image", "sh", "-c", "--help", "--"},
		},
		{name: "command behind dashes", line: []string{"--", "image", "-q"}, command: true, args: []string{"image", "-q"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := arrange(testFlags(), tt.line, tt.command)
			if err != nil {
				t.Fatal(err)
			}
			want := words{flags: tt.flags, args: tt.args, help: tt.help}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(words{})); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestArrangeErrors(t *testing.T) {
	tests := []struct {
		name, want string
		line       []string
	}{
		{"unknown long", `unknown flag --filtre`, []string{"--filtre=x"}},
		{"unknown short", `unknown flag -x`, []string{"-qx"}},
		{"not a flag at all", `unknown flag -5`, []string{"-5"}},
		{"no value", `flag -o needs a value: -o FILE`, []string{"-qo"}},
		{"no long value", `flag --output needs a value: --output FILE`, []string{"x", "--output"}},
		{"switch with a value", `flag --quiet is a switch and takes no value but true or false, got "very"`, []string{"--quiet=very"}},
		{"control characters", `unknown flag --\x1b[2J`, []string{"--\x1b[2J"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := arrange(testFlags(), tt.line, false)
			if err == nil || err.Error() != tt.want || !isUsage(err) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// FuzzArrange looks for lines that panic, lose arguments or give flags that are not canonical.
func FuzzArrange(f *testing.F) {
	f.Add("-q", "--filter", "x", false)
	f.Add("--", "-oq", "-", true)
	f.Add("-n=", "-h", "--=", false)
	f.Fuzz(func(t *testing.T, a, b, c string, command bool) {
		got, err := arrange(testFlags(), []string{a, b, c}, command)
		if err != nil {
			return
		}
		again, err := arrange(testFlags(), append(append(got.flags, "--"), got.args...), false)
		if err != nil {
			t.Fatalf("%q %q %q gives %q: %v", a, b, c, got.flags, err)
		}
		got.help = false
		if d := cmp.Diff(got, again, cmp.AllowUnexported(words{})); d != "" {
			t.Errorf("arranged twice (-once +twice)\n%s", d)
		}
	})
}
