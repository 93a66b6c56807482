package mount

import (
	"os"
	"slices"
	"testing"
)

func TestLayersOfAnOverlay(t *testing.T) {
	for _, row := range []struct {
		words []string
		want  []Layer
	}{
		{nil, nil},
		{[]string{"ro", "index=off"}, nil},
		{[]string{"lowerdir=/a"}, []Layer{{"lowerdir", "/a"}}},
		{[]string{`lowerdir=/a\:b:/c\,d`, "upperdir=/u:v", "workdir=/w"}, []Layer{{"lowerdir", "/a:b"}, {"lowerdir", "/c,d"}, {"upperdir", "/u:v"}, {"workdir", "/w"}}},
		{[]string{`lowerdir=/a\`}, []Layer{{"lowerdir", `/a\`}}},
	} {
		if got := Layers(row.words); !slices.Equal(got, row.want) {
			t.Errorf("%q: got %q", row.words, got)
		}
	}
}

func TestAnOverlayIsMadeOfNoSymlinkWhereAContainerWrites(t *testing.T) {
	folder := folderElsewhere(t)
	must(t, os.Symlink("/etc", folder+"/link"))
	must(t, os.Mkdir(folder+"/real", 0o755))
	for _, words := range [][]string{{"lowerdir=" + folder + "/real:" + folder + "/link"}, {"lowerdir=/etc", "upperdir=" + folder + "/link/x"}, {"workdir=" + folder + "/link"}} {
		if _, _, err := openLayers(words); err == nil {
			t.Errorf("%q were opened", words)
		}
	}
	words, done, err := openLayers([]string{"ro", "lowerdir=" + folder + "/real:/etc"})
	must(t, err)
	defer done()
	layers := Layers(words)
	for index, want := range []string{folder + "/real", "/etc"} {
		if where, err := os.Readlink(layers[index].Folder); err != nil || where != want {
			t.Errorf("got %s, wanted %s (%v)", where, want, err)
		}
	}
}

func TestAFileIsMadeWhereNoContainerLeads(t *testing.T) {
	folder := folderElsewhere(t)
	must(t, os.Symlink("/etc", folder+"/link"))
	must(t, os.Symlink("/tmp/planted-by-a-container", folder+"/dangling"))
	for _, name := range []string{"/link/made", "/dangling", "/link"} {
		if file, err := MakeFile(folder + name); err == nil {
			file.Close()
			t.Errorf("%s was made", name)
		}
	}
	if _, err := os.Lstat("/tmp/planted-by-a-container"); err == nil {
		t.Error("a symlink was followed")
	}
	for range 2 {
		file, err := MakeFile(folder + "/new/file")
		must(t, err)
		file.Close()
	}
}
