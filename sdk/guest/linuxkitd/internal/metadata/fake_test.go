package metadata

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// service answers by path, and only where the headers are what the cloud asks for.
type service struct {
	mutex    sync.Mutex
	content  map[string]string
	header   [2]string
	prefix   string
	asked    []string
	failures int
	token    bool
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	if s.failures > 0 {
		s.failures--
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	if s.token && r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "300" {
		_, _ = w.Write([]byte(s.header[1]))
		return
	}
	if r.Method != http.MethodGet || r.Header.Get(s.header[0]) != s.header[1] {
		http.Error(w, "without its header", http.StatusUnauthorized)
		return
	}
	body, found := s.content[strings.TrimPrefix(r.URL.Path, s.prefix)]
	if !found {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(body))
}

func newService(cloud string, content map[string]string) *service {
	switch cloud {
	case "aws":
		return &service{content: content, header: [2]string{"X-Aws-Ec2-Metadata-Token", "token-of-the-test"}, prefix: "/latest/", token: true}
	case "gcp":
		return &service{content: content, header: [2]string{"Metadata-Flavor", "Google"}, prefix: "/computeMetadata/v1/"}
	}
	return &service{content: content, header: [2]string{"Metadata", "true"}, prefix: "/metadata/instance/"}
}

// outcome is what a run said and left.
type outcome struct {
	files map[string]string
	modes map[string]fs.FileMode
	log   string
	err   error
}

func (o outcome) names() []string {
	names := []string{}
	for name := range o.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func run(t *testing.T, cloud string, handler http.Handler, wire string, within time.Duration) outcome {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	return runAt(t, cloud, server.Listener.Addr().String(), wire, within)
}

func runAt(t *testing.T, cloud, address, wire string, within time.Duration) outcome {
	t.Helper()
	place := filepath.Join(t.TempDir(), "config")
	var log bytes.Buffer
	from := newSource(address, within.String(), within)
	from.pause = 10 * time.Millisecond
	o := outcome{map[string]string{}, map[string]fs.FileMode{}, "", read(t.Context(), cloud, wire, place, from, &log)}
	o.log = log.String()
	if err := filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(place, path)
		content, err := os.ReadFile(path)
		if info, statErr := entry.Info(); statErr == nil {
			o.modes[name] = info.Mode().Perm()
		}
		o.files[name] = string(content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return o
}
