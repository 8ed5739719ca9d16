package schema

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestReasonCodesAreComplete: every Reason… constant of package summary is in the document.
func TestReasonCodesAreComplete(t *testing.T) {
	for _, code := range constants(t, "../../summary", "Reason") {
		if !slices.Contains(ReasonCodes, code) {
			t.Errorf("%s is not in the document", code)
		}
	}
}

// TestErrorCodesAreComplete: every code… constant of package server, too.
func TestErrorCodesAreComplete(t *testing.T) {
	check(t, constants(t, "..", "code"), ErrorCodes)
}

func check(t *testing.T, want, got []string) {
	t.Helper()
	got = slices.Clone(got)
	slices.Sort(got)
	if slices.Sort(want); len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the document lists\n%v, the package\n%v", got, want)
	}
}

// constants returns the values of the string constants of a package whose names begin with prefix.
func constants(t *testing.T, dir, prefix string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != len(spec.Names) {
				return true
			}
			for i, name := range spec.Names {
				value, ok := spec.Values[i].(*ast.BasicLit)
				if ok && value.Kind == token.STRING && strings.HasPrefix(name.Name, prefix) {
					text, err := strconv.Unquote(value.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, text)
				}
			}
			return true
		})
	}
	return out
}

func TestObjectsAreClosed(t *testing.T) {
	s := Object(Fields{"a": Text(), "b?": Bool()})
	if s["additionalProperties"] != false || !slices.Equal(s["required"].([]string), []string{"a"}) {
		t.Errorf("%v", s)
	}
	if _, there := s["properties"].(Schema)["b"]; !there {
		t.Errorf("an optional member is lost: %v", s)
	}
}
