package description

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// schema is a part of JSON Schema, as sdk/guest/description.ts is written down.
type schema struct {
	Type                 string            `json:"type"`
	Properties           map[string]schema `json:"properties"`
	Required             []string          `json:"required"`
	Items                *schema           `json:"items"`
	AdditionalProperties json.RawMessage   `json:"additionalProperties"`
	Const                any               `json:"const"`
	Enum                 []any             `json:"enum"`
}

func TestTheTypesAreThoseOfTheSchema(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schemas map[string]schema
	if err := json.Unmarshal(text, &schemas); err != nil {
		t.Fatal(err)
	}
	compare(t, "container", schemas["container"], reflect.TypeFor[Container]())
	compare(t, "machine", schemas["machine"], reflect.TypeFor[Machine]())
}

func compare(t *testing.T, path string, want schema, got reflect.Type) {
	t.Helper()
	if got.Kind() == reflect.Pointer {
		got = got.Elem()
	}
	kinds := map[reflect.Kind]string{
		reflect.Struct: "object", reflect.Map: "object", reflect.Slice: "array", reflect.String: "string", reflect.Bool: "boolean",
		reflect.Int: "integer", reflect.Int64: "integer", reflect.Float64: "number",
	}
	kind := want.Type
	if _, isNumber := want.Const.(float64); isNumber {
		kind = "integer"
	}
	if kinds[got.Kind()] != kind {
		t.Errorf("%s: the type is %s, the schema says %s", path, got, kind)
	}
	switch got.Kind() {
	case reflect.Slice:
		compare(t, path+"[]", *want.Items, got.Elem())
	case reflect.Struct:
		compareFields(t, path, want, got)
	}
}

func compareFields(t *testing.T, path string, want schema, got reflect.Type) {
	t.Helper()
	fields := map[string]bool{}
	for index := range got.NumField() {
		field := got.Field(index)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = true
		property, known := want.Properties[name]
		if !known {
			t.Errorf("%s.%s is not in the schema", path, name)
			continue
		}
		if optional := !slices.Contains(want.Required, name); optional != (options == "omitempty") {
			t.Errorf("%s.%s: optional is %v in the schema", path, name, optional)
		}
		compare(t, path+"."+name, property, field.Type)
	}
	for name := range maps.Keys(want.Properties) {
		if !fields[name] {
			t.Errorf("%s.%s is in the schema only", path, name)
		}
	}
}
