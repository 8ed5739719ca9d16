package summary

import "testing"

func TestParseManifest(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "", `{"streams":null,"refresh_policy":null,"version":null}`: "", plainManifest: "", `{"unknown":[1]}`: "",
		`{"VERSION":1,"Streams":"x"}`: "", // other members, whatever their likeness
		`null`:                        ReasonManifestUnavailable,
		``:                            ReasonManifestInvalid, `[]`: ReasonManifestInvalid, `{`: ReasonManifestInvalid, `"x"`: ReasonManifestInvalid,
		`{"version":1}`: ReasonManifestInvalid, `{"streams":{}}`: ReasonManifestInvalid, `{"streams":["a"]}`: ReasonManifestInvalid,
		`{"streams":[{}]}`: ReasonManifestInvalid, `{"streams":[null]}`: ReasonManifestInvalid,
		`{"streams":[{"name":"a","required":"yes"}]}`:                       ReasonManifestInvalid,
		`{"streams":[{"name":"a\u0000"}]}`:                                  ReasonManifestInvalid,
		`{"refresh_policy":{"recommended_mode":"sometimes"}}`:               ReasonManifestInvalid,
		`{"refresh_policy":{"maximum_staleness_seconds":-1}}`:               ReasonManifestInvalid,
		`{"refresh_policy":{"maximum_staleness_seconds":1.5}}`:              ReasonManifestInvalid,
		`{"refresh_policy":{"maximum_staleness_seconds":"60"}}`:             ReasonManifestInvalid,
		`{"refresh_policy":{"maximum_staleness_seconds":1e99}}`:             ReasonManifestInvalid,
		`{"refresh_policy":{"recommended_interval_seconds":true}}`:          ReasonManifestInvalid,
		`{"refresh_policy":{"maximum_staleness_seconds":9007199254740992}}`: ReasonManifestInvalid,
	} {
		if got := parseManifest(&text); got.problem != want {
			t.Errorf("%s: got %q, want %q", text, got.problem, want)
		}
	}
	if got := parseManifest(nil); got.problem != ReasonManifestUnavailable {
		t.Errorf("nil: got %q", got.problem)
	}
	m := parseManifest(ptr(`{"streams":[{"name":"b"},{"name":"a","required":true},{"name":"b","required":true}]}`))
	if len(m.streams) != 2 || m.streams[0] != (declaredStream{"b", false}) || m.streams[1] != (declaredStream{"a", true}) {
		t.Errorf("streams %v: want b and a, in this order, the first declaration of each", m.streams)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add(plainManifest)
	f.Add(`{"streams":[{"name":"a"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		m := parseManifest(&text)
		for _, s := range m.streams {
			if s.name == "" || len(s.name) > 256 {
				t.Errorf("a stream of %d octets passed", len(s.name))
			}
		}
		if !m.readable() && (m.streams != nil || m.version != "" || m.mode != "" || m.maxStaleness != nil) {
			t.Error("half of a malformed manifest was taken")
		}
	})
}
