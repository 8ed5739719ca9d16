package listener

import (
	"reflect"
	"testing"

	"tidemark/drain"
)

func TestParseChange(t *testing.T) {
	for payload, want := range map[string]Change{
		`{"version": 7, "ids": ["a", "b"]}`:       {7, []string{"a", "b"}},
		`{"version":9007199254740991,"ids":[]}`:   {9007199254740991, []string{}},
		`{"version": 1}`:                          {Version: 1},
		`{"version": 1, "ids": null}`:             {Version: 1},
		`{"version": 2, "ids": ["é\""], "x": {}}`: {2, []string{`é"`}},
	} {
		if got, err := ParseChange(payload); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v; want %+v", payload, got, err, want)
		}
	}
	for _, payload := range []string{
		"", "null", "{}", "[]", "7", `{"version": 0}`, `{"version": -1}`, `{"version": "7"}`, `{"version": 1.5}`,
		`{"version": 1, "ids": "a"}`, `{"version": 1, "ids": [1]}`, `{"version": 1} {}`, `{"version": 99999999999999999999}`,
	} {
		if got, err := ParseChange(payload); err == nil {
			t.Errorf("%s is %+v", payload, got)
		}
	}
}

func FuzzParseChange(f *testing.F) {
	for _, payload := range []string{`{"version": 7, "ids": ["a"]}`, `{"version": 1}`, "", `{"ids": [null]}`} {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		c, err := ParseChange(payload)
		if err == nil && c.Version <= 0 {
			t.Errorf("%q is version %d", payload, c.Version)
		}
		if err != nil && !reflect.DeepEqual(c, Change{}) {
			t.Errorf("%q is %+v and %v", payload, c, err)
		}
	})
}

func TestChangeOf(t *testing.T) {
	if c, ok := ChangeOf(drain.Result{Marks: 5}); ok {
		t.Errorf("nothing changed, announced %+v", c)
	}
	r := drain.Result{
		MaxVersion: 9, Changed: []drain.Version{{ID: "a", Version: 7}}, Deleted: []drain.Deletion{{ConnectionID: "b", Version: 8}},
	}
	if c, ok := ChangeOf(r); !ok || !reflect.DeepEqual(c, Change{9, []string{"a", "b"}}) {
		t.Errorf("announced %+v, %v", c, ok)
	}
	r.Manifests = []drain.Version{{ID: "amazon", Version: 9}}
	if c, ok := ChangeOf(r); !ok || !reflect.DeepEqual(c, Change{Version: 9}) {
		t.Errorf("connectors have no connection ids: announced %+v, %v", c, ok)
	}
}
