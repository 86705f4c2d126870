package image

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"a key twice", `{"config":{},"config":null}`, "stands twice"},
		{"a key twice but for case", `{"layers":[],"Layers":[]}`, "stands twice"},
		{"case in a list of descriptors", `{"layers":[{"digest":"a","Digest":"b"}]}`, "stands twice"},
		{"a label twice", `{"config":{"Labels":{"a":"1","a":"2"}}}`, "stands twice"},
		{"nested too deep", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "nested deeper"},
		{"cut", `{"layers":[`, "too early"},
		{"nothing", ``, "too early"},
		{"more behind the end", `{}{}`, "behind the end"},
		{"another type", `{"layers":{}}`, `"layers" is an object, should be a list`},
		{"another type below", `{"layers":[{"size":"1"}]}`, `"layers.size" is a string, should be a whole number of 64 bits`},
		{"another document", `[]`, "the document is a list, should be an object"},
		{"a key twice to readers that fold Unicode", `{"layers":[],"layerſ":[]}`, "stands twice"},
		{"millions of objects in few bytes", `{"layers":[` + strings.Repeat("{},", MaxValues) + `{}]}`, "lists and objects"},
		{"no JSON", `<!DOCTYPE html>`, "invalid character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var doc document
			err := Decode([]byte(tt.doc), &doc)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want damage that says %q", err, tt.want)
			}
		})
	}
}

func TestDecodeAccepts(t *testing.T) {
	for _, tt := range []struct{ name, doc string }{
		{"labels that differ in case", `{"config":{"Labels":{"a":"1","A":"2"}}}`},
		{"a byte order mark", "\xef\xbb\xbf{}"},
		{"lower-case keys alone", `{"schemaversion":2}`},
		{"unknown members", `{"x":{"y":[1,2,{"z":null}]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var doc struct{ SchemaVersion int }
			if err := Decode([]byte(tt.doc), &doc); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestObjectKeepsWhatIsNotEdited(t *testing.T) {
	o, err := ParseObject([]byte(`{"z": 1.0, "a":{"b" :[1,  2]}, "html":"<&>", "last":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Set("a", []string{"<x>"}); err != nil {
		t.Fatal(err)
	}
	if err := o.Set("new", true); err != nil {
		t.Fatal(err)
	}
	o.Delete("last")
	want := `{"z":1.0,"a":["<x>"],"html":"<&>","new":true}`
	if diff := cmp.Diff(want, string(o.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestObjectFindsKeysAsDecodeDoes(t *testing.T) {
	o, err := ParseObject([]byte(`{"Layers":[1],"manifest\u017f":[2],"a":1,"A":2}`))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"layers": "[1]", "manifests": "[2]", "a": "1", "A": "2", "b": ""} {
		if got := string(o.Value(key)); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if err := o.Set("layers", 3); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("{\"Layers\":3,\"manifest\u017f\":[2],\"a\":1,\"A\":2}", string(o.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestParseConfigIsLenientWhereNothingDependsOnIt(t *testing.T) {
	for _, doc := range []string{
		`{}`,
		`{"created":"","history":null,"rootfs":null,"config":null}`,
		`{"created":"yesterday","rootfs":{"diff_ids":[]},"history":[{"created":""}]}`,
		`{"config":{"Cmd":"a string"}}`,
	} {
		if _, err := ParseConfig([]byte(doc)); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
	_, err := ParseConfig([]byte(`{"rootfs":{"diff_ids":["sha256:../../etc/passwd"]}}`))
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want damage for a diff ID that is no digest", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"digest":"sha256:00"},"layers":[{"size":1}],"annotations":{"a":"b"}}`))
	f.Add([]byte(`{"manifests":[{"platform":{"os":"linux"}}]}`))
	f.Add([]byte(`[{"a":1},{"A":1,"a":2}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var doc document
		if err := Decode(raw, &doc); err != nil {
			return
		}
		o, err := ParseObject(raw)
		if err != nil {
			return // a value that is no object
		}
		var again document
		if err := Decode(o.Bytes(), &again); err != nil {
			t.Fatalf("what was parsed does not parse once more: %v", err)
		}
		if diff := cmp.Diff(doc, again); diff != "" {
			t.Error(diff)
		}
	})
}
