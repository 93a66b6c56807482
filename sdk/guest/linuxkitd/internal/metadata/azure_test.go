package metadata

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const goalState = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<GoalState>\r\n  <Incarnation>3</Incarnation>\r\n  <Container>\r\n    <ContainerId>\r\n      a4f2-1</ContainerId>\r\n    <RoleInstanceList><RoleInstance><InstanceId> 6d1f._web </InstanceId></RoleInstance></RoleInstanceList>\r\n  </Container>\r\n</GoalState>\r\n"

// wireServer keeps what was reported to it.
func wireServer(t *testing.T, goal string, reports *[]string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-ms-version") != "2012-11-30" || r.Header.Get("x-ms-agent-name") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch r.Method + " " + r.URL.String() {
		case "GET /machine/?comp=goalstate":
			_, _ = io.WriteString(w, goal)
		case "POST /machine?comp=health":
			body, _ := io.ReadAll(r.Body)
			*reports = append(*reports, r.Header.Get("Content-Type")+" "+string(body))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func azureMachine(more map[string]string) map[string]string {
	content := map[string]string{
		"compute/name": "web_0", "compute/osProfile/computerName": "web000000", "compute/vmId": "02aab8a4", "compute/userData": "",
		"network/interface/0/ipv4/ipAddress/0/privateIpAddress": "10.0.0.7",
	}
	maps.Copy(content, more)
	return content
}

func TestAzureReadsWhatThereIsAndReports(t *testing.T) {
	data := "\x00\xff" + strings.Repeat("u", 9000)
	var reports []string
	o := run(t, "azure", newService("azure", azureMachine(map[string]string{
		"compute/userData":             base64.StdEncoding.EncodeToString([]byte(data)),
		"compute/publicKeys/0/keyData": "ssh-rsa AAAA\r\nBBBB a@b\r\n", "compute/publicKeys/1/keyData": "ssh-ed25519 CCCC",
	})), wireServer(t, goalState, &reports), time.Second)
	wanted := map[string]string{
		"provider": "Azure\n", "userdata": data, "hostname": "web000000", "instance_id": "02aab8a4", "local_ipv4": "10.0.0.7",
		"ssh/authorized_keys": "ssh-rsa AAAABBBB a@b\nssh-ed25519 CCCC\n",
	}
	if o.err != nil || !maps.Equal(o.files, wanted) || o.modes["userdata"] != 0o600 {
		t.Fatalf("got %v and %v", o.names(), o.err)
	}
	if o.log != "metadata: Azure knows that this machine is ready\nmetadata: 02aab8a4, 9002 bytes of user data\n" {
		t.Errorf("got the log %q", o.log)
	}
	if report := "text/xml;charset=utf-8 " + fmt.Sprintf(healthReport, "3", "a4f2-1", "6d1f._web"); len(reports) != 1 || reports[0] != report {
		t.Errorf("got the reports %q", reports)
	}
}

func TestAzureKnowsItsDisksByNumber(t *testing.T) {
	o := run(t, "azure", newService("azure", azureMachine(map[string]string{
		"compute/tagsList/0/name": "owner", "compute/tagsList/0/value": "me",
		"compute/tagsList/1/name": "linuxkit.disk.data", "compute/tagsList/1/value": "0",
		"compute/tagsList/2/name": "linuxkit.disk.../up", "compute/tagsList/2/value": "1",
		"compute/tagsList/3/name": "linuxkit.disk.log", "compute/tagsList/3/value": "11",
	})), "", time.Second)
	if o.err != nil || o.files["disks/data"] != "lun:0\n" || o.files["disks/log"] != "lun:11\n" || len(o.files) != 6 {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
	if o.modes["disks/data"] != 0o644 || strings.Contains(o.log, "ready") {
		t.Errorf("got %v and %q", o.modes, o.log)
	}
}

func TestAzureWithoutUserDataAndKeys(t *testing.T) {
	o := run(t, "azure", newService("azure", azureMachine(map[string]string{"compute/osProfile/computerName": ""})), "", time.Second)
	wanted := map[string]string{"provider": "Azure\n", "hostname": "web_0", "instance_id": "02aab8a4", "local_ipv4": "10.0.0.7"}
	if o.err != nil || !maps.Equal(o.files, wanted) {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
}

func TestAzureFails(t *testing.T) {
	var reports []string
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, row := range map[string]struct {
		more    map[string]string
		wire    string
		message string
	}{
		"no report is taken":                 {nil, "127.0.0.1:1", "metadata: no answer to http://127.0.0.1:1/machine/?comp=goalstate within 1ms s"},
		"no goal state":                      {nil, plain.Listener.Addr().String(), "has no goal state for this machine"},
		"a goal state of no machine":         {nil, wireServer(t, "<GoalState/>", &reports), "names no incarnation, container and instance"},
		"a goal state with markup in a word": {nil, wireServer(t, strings.Replace(goalState, ">3<", ">&lt;3<", 1), &reports), "names no incarnation"},
		"user data that is not base64":       {map[string]string{"compute/userData": "%%%"}, "", "metadata: the user data is not base64"},
		"a disk's tag without value":         {map[string]string{"compute/tagsList/0/name": "linuxkit.disk.data"}, "", "metadata: the tag linuxkit.disk.data has no value"},
	} {
		o := run(t, "azure", newService("azure", azureMachine(row.more)), row.wire, time.Millisecond)
		if o.err == nil || !strings.Contains(o.err.Error(), row.message) {
			t.Errorf("%s: got %v, wanted %q", name, o.err, row.message)
		}
		if _, found := o.files["provider"]; found {
			t.Errorf("%s: the task says that it is done", name)
		}
	}
	if len(reports) != 0 {
		t.Errorf("got the reports %q", reports)
	}
}

func TestRunRefusesItsWords(t *testing.T) {
	for _, args := range [][]string{nil, {"aws", "127.0.0.1:1"}, {"aws", "127.0.0.1:1", "1", "127.0.0.1:2"}, {"aws", "127.0.0.1:1", "0"}, {"aws", "127.0.0.1:1", "NaN"}, {"aws", "127.0.0.1:1", "soon"}} {
		if err := Run(t.Context(), args); err == nil || !strings.HasPrefix(err.Error(), "metadata: got ") {
			t.Errorf("%q: got %v", args, err)
		}
	}
	t.Setenv("CONFIG", t.TempDir())
	if err := Run(t.Context(), []string{"ibm", "127.0.0.1:1", "1"}); err == nil || !strings.Contains(err.Error(), `got the cloud "ibm"`) {
		t.Errorf("got %v", err)
	}
}

// FuzzMetadata feeds each cloud's reader answers of any bytes: no file appears but those that are known, inside the folder.
func FuzzMetadata(f *testing.F) {
	f.Add("aws", "linuxkit.disk.data\nName")
	f.Add("azure", "bGludXg=")
	f.Add("azure", "linuxkit.disk.data")
	f.Add("gcp", `me:ssh-rsa A google-ssh {"expireOn":"2099-12-04T20:12:00Z"}`)
	f.Fuzz(func(t *testing.T, cloud, answer string) {
		if cloud != "aws" && cloud != "gcp" && cloud != "azure" {
			t.Skip()
		}
		count := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// lists of Azure end
			if count++; cloud == "azure" && count > 40 {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, answer)
		})
		o := run(t, cloud, handler, "", time.Millisecond)
		for name := range o.files {
			switch name {
			case "provider", "userdata", "hostname", "instance_id", "local_ipv4", "ssh/authorized_keys":
			default:
				if disk, found := strings.CutPrefix(name, "disks/"); !found || diskOf("linuxkit.disk."+disk) == "" {
					t.Fatalf("a file %q", name)
				}
			}
		}
		if strings.ContainsFunc(o.log, func(c rune) bool { return c != '\n' && (c < ' ' || c > '~') }) {
			t.Fatalf("the log %q", o.log)
		}
	})
}
