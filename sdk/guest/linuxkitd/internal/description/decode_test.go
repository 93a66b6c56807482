package description

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const service = `{"version":1,"name":"web","phase":"services","id":"web","rootfs":{"readonly":true},"cgroups":[],"mounts":[],"mkdir":[],"interfaces":[],"bindNS":{},"uid":0,"gid":0,"idBase":0,"privateNetwork":false,"service":{"restart":"always","after":[],"secrets":[],"stopTimeout":10,"stopSignal":15,"logSize":524288,"health":{"http":{"port":80,"path":"/","status":200},"interval":5,"timeout":5,"retries":3}}}`

func TestAServiceIsRead(t *testing.T) {
	container, err := DecodeContainer([]byte(service))
	if err != nil {
		t.Fatal(err)
	}
	if container.Name != "web" || container.Service.Health.HTTP.Port != 80 || container.Service.LogSize != 512<<10 {
		t.Errorf("got %+v", container)
	}
}

func TestWhatIsNoDescriptionIsRefused(t *testing.T) {
	change := func(from, to string) string {
		if !strings.Contains(service, from) {
			t.Fatalf("%s is not in the text", from)
		}
		return strings.Replace(service, from, to, 1)
	}
	for name, text := range map[string]string{
		"nothing":                    "",
		"half of one":                service[:len(service)/2],
		"two":                        service + service,
		"another version":            change(`"version":1`, `"version":2`),
		"an unknown member":          change(`"uid":0`, `"uid":0,"more":1`),
		"an unknown member below":    change(`"port":80`, `"port":80,"more":1`),
		"a name that is a path":      change(`"name":"web"`, `"name":"../web"`),
		"a name with a line break":   change(`"name":"web"`, `"name":"w\neb"`),
		"an id that is a folder":     change(`"id":"web"`, `"id":".."`),
		"no name":                    change(`"name":"web"`, `"name":""`),
		"an unknown phase":           change(`"phase":"services"`, `"phase":"later"`),
		"a service among the tasks":  change(`"phase":"services"`, `"phase":"onboot"`),
		"a user below zero":          change(`"uid":0`, `"uid":-1`),
		"a user that is a fraction":  change(`"uid":0`, `"uid":0.5`),
		"an unknown policy":          change(`"always"`, `"often"`),
		"no signal":                  change(`"stopSignal":15`, `"stopSignal":0`),
		"a port beyond all":          change(`"port":80`, `"port":65536`),
		"a path with a line break":   change(`"path":"/"`, `"path":"/\r\nX: y"`),
		"a path without slash":       change(`"path":"/"`, `"path":"x"`),
		"two kinds of check":         change(`"interval":5`, `"tcp":{"port":1},"interval":5`),
		"no kind of check":           change(`"http":{"port":80,"path":"/","status":200},`, ""),
		"a time below zero":          change(`"interval":5`, `"interval":-1`),
		"a secret that is a path":    change(`"secrets":[]`, `"secrets":["a/b"]`),
		"a link of another name":     change(`"privateNetwork":false`, `"privateNetwork":true,"link":{"link":"eth0","gateway":"198.18.0.0","address":"198.18.0.1"}`),
		"a link without an address":  change(`"privateNetwork":false`, `"privateNetwork":true,"link":{"link":"lk0","gateway":"198.18.0.0","address":"x"}`),
		"an array":                   "[]",
		"a text":                     `"web"`,
		"more than is ever written":  strings.Repeat(" ", mostBytes) + service,
		"a number where text is due": change(`"name":"web"`, `"name":1`),
	} {
		if _, err := DecodeContainer([]byte(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestMachines(t *testing.T) {
	const good = `{"version":1,"parameters":{"early":[{"path":"kernel/sysrq","value":"0"}],"last":[]},"shared":[{"file":"/usr/lib/x","names":["/containers/services/web/rootfs/usr/lib/x"]}],"firewall":{"closed":[{"to":"169.254.0.0/16"}],"networks":[{"link":"lk0","gateway":"198.18.0.0","address":"198.18.0.1","publish":[{"outside":80,"inside":8080,"protocol":"tcp"}],"egress":[{"to":"any","port":443},{"to":"dns"},{"to":"10.0.0.0/8"}]}]}}`
	if _, err := DecodeMachine([]byte(good)); err != nil {
		t.Error(err)
	}
	for name, pair := range map[string][2]string{
		"a shared file elsewhere":    {`"/usr/lib/x"`, `"usr/lib/x"`},
		"a name that leads out":      {"rootfs/usr/lib/x", "../../../etc/x"},
		"a parameter elsewhere":      {"kernel/sysrq", "../kernel/sysrq"},
		"a parameter from the root":  {"kernel/sysrq", "/kernel/sysrq"},
		"a name as a goal":           {`"to":"any"`, `"to":"example.com"`},
		"IPv6 as a goal":             {`"to":"any"`, `"to":"::/0"`},
		"another protocol":           {`"protocol":"tcp"`, `"protocol":"sctp"`},
		"no protocol of a published": {`"protocol":"tcp"`, `"protocol":""`},
		"a closed name":              {"169.254.0.0/16", "metadata"},
		"a port beyond all":          {`"port":443`, `"port":70000`},
	} {
		if text := strings.Replace(good, pair[0], pair[1], 1); text == good {
			t.Errorf("%s: nothing changed", name)
		} else if _, err := DecodeMachine([]byte(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAFileThatIsWrongIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "linuxkitd.json")
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadContainer(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func FuzzContainer(f *testing.F) {
	f.Add([]byte(service))
	f.Fuzz(func(t *testing.T, text []byte) {
		container, err := DecodeContainer(text)
		if err == nil && (!isName(container.Name) || (container.Service == nil) == (container.Task == nil)) {
			t.Errorf("taken: %q", text)
		}
	})
}

func FuzzMachine(f *testing.F) {
	f.Add([]byte(`{"version":1,"firewall":{"closed":[{"to":"169.254.0.0/16","ports":[80]}],"networks":[{"link":"lk0","gateway":"198.18.0.0","address":"198.18.0.1","publish":[],"egress":[{"to":"any"}]}]}}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = DecodeMachine(text) })
}
