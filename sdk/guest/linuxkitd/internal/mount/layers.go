package mount

import (
	"os"
	"strings"
)

// Layer is a folder that an overlay is made of (Linux, Documentation/filesystems/overlayfs.rst).
type Layer struct {
	// Option is lowerdir, upperdir or workdir
	Option, Folder string
}

// Layers are the folders that the options of an overlay name.
func Layers(words []string) []Layer {
	var layers []Layer
	for _, word := range words {
		option, folders, _ := strings.Cut(word, "=")
		switch option {
		case "lowerdir":
			for _, folder := range splitLayers(folders) {
				layers = append(layers, Layer{option, folder})
			}
		case "upperdir", "workdir":
			layers = append(layers, Layer{option, unescaped(folders)})
		}
	}
	return layers
}

// WithLayers are the options of an overlay with other folders, which have no colon and no comma in their names.
func WithLayers(words []string, other func(Layer) string) []string {
	var changed []string
	for _, word := range words {
		option, _, _ := strings.Cut(word, "=")
		var folders []string
		for _, layer := range Layers([]string{word}) {
			folders = append(folders, other(layer))
		}
		if folders != nil {
			word = option + "=" + strings.Join(folders, ":")
		}
		changed = append(changed, word)
	}
	return changed
}

// splitLayers parts at colons but those behind a backslash.
func splitLayers(text string) []string {
	var folders []string
	start := 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case ':':
			folders, start = append(folders, unescaped(text[start:at])), at+1
		}
	}
	return append(folders, unescaped(text[start:]))
}

func unescaped(text string) string {
	var plain strings.Builder
	for at := 0; at < len(text); at++ {
		if text[at] == '\\' && at+1 < len(text) {
			at++
		}
		plain.WriteByte(text[at])
	}
	return plain.String()
}

// openLayers opens the folders of an overlay, so that the kernel follows no symlink to them, and gives options that name
// what was opened.
func openLayers(words []string) ([]string, func(), error) {
	var files []*os.File
	closeAll := func() {
		for _, file := range files {
			file.Close()
		}
	}
	var failed error
	changed := WithLayers(words, func(layer Layer) string {
		file, err := Open(layer.Folder)
		if err != nil {
			failed = err
			return layer.Folder
		}
		files = append(files, file)
		return ByDescriptor(file)
	})
	if failed != nil {
		closeAll()
		return nil, nil, failed
	}
	return changed, closeAll, nil
}
