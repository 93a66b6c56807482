package metadata

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
)

// machine is what every machine has, and more.
func machine(more map[string]string) map[string]string {
	content := map[string]string{"instance/id": "4321", "instance/hostname": "web.c.p.internal", "instance/network-interfaces/0/ip": "10.0.0.7"}
	maps.Copy(content, more)
	return content
}

func TestGCPReadsWhatThereIs(t *testing.T) {
	o := run(t, "gcp", newService("gcp", machine(map[string]string{"instance/attributes/user-data": "role=web\n\n", "instance/attributes/startup-script": "#!/bin/sh\n"})), "", time.Second)
	wanted := map[string]string{"provider": "GCP\n", "userdata": "role=web\n\n", "hostname": "web.c.p.internal", "instance_id": "4321", "local_ipv4": "10.0.0.7"}
	if o.err != nil || !maps.Equal(o.files, wanted) {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
	if o.log != "metadata: 4321, 10 bytes of user data\n" || o.modes["userdata"] != 0o600 || o.modes["hostname"] != 0o644 {
		t.Errorf("got %q and %v", o.log, o.modes)
	}
}

func TestGCPUserData(t *testing.T) {
	for name, row := range map[string]struct {
		content map[string]string
		wanted  string
	}{
		"LinuxKit's attribute":             {map[string]string{"instance/attributes/userdata": "a", "instance/attributes/startup-script": "b"}, "a"},
		"a start-up script when it is all": {map[string]string{"instance/attributes/startup-script": "b"}, "b"},
		"an empty attribute counts not":    {map[string]string{"instance/attributes/user-data": "", "instance/attributes/userdata": "a"}, "a"},
	} {
		if o := run(t, "gcp", newService("gcp", machine(row.content)), "", time.Second); o.err != nil || o.files["userdata"] != row.wanted {
			t.Errorf("%s: got %q and %v, wanted %q", name, o.files["userdata"], o.err, row.wanted)
		}
	}
}

func TestGCPKeys(t *testing.T) {
	const a, b = "ssh-ed25519 AAAAa a@b", "ecdsa-sha2-nistp256 AAAAb"
	until := func(end string) string {
		return "me:" + b + ` google-ssh {"userName":"me@example.com","expireOn":"` + end + `"}`
	}
	const instance, project = "instance/attributes/", "project/attributes/"
	for name, row := range map[string]struct {
		content map[string]string
		wanted  string
	}{
		"of instance and project":                              {map[string]string{instance + "ssh-keys": "me:" + a + "\nyou:" + b, project + "ssh-keys": "all:" + a + "\n"}, a + "\n" + b + "\n" + a + "\n"},
		"not the project's where the instance blocks them":     {map[string]string{instance + "ssh-keys": "me:" + a, instance + "block-project-ssh-keys": "TRUE", project + "ssh-keys": "all:" + b}, a + "\n"},
		"the project's where blocking is off":                  {map[string]string{instance + "block-project-ssh-keys": "false", project + "ssh-keys": "all:" + b}, b + "\n"},
		"not the project's beside those of the former name":    {map[string]string{instance + "sshKeys": "me:" + a, project + "ssh-keys": "all:" + b}, a + "\n"},
		"that end in time to come":                             {map[string]string{instance + "ssh-keys": until("2099-12-04T20:12:00+0000")}, b + "\n"},
		"that end in time to come, with Z":                     {map[string]string{instance + "ssh-keys": until("2099-12-04T20:12:00Z")}, b + "\n"},
		"not such as have ended or whose end is unreadable":    {map[string]string{instance + "ssh-keys": until("2018-12-04T20:12:00+0000") + "\n" + until("soon") + "\n" + until("2099-99-99T99:99:99Z")}, ""},
		"not one whose end is in another zone":                 {map[string]string{instance + "ssh-keys": until("2099-12-04T20:12:00+0100")}, ""},
		"none with OS Login":                                   {map[string]string{project + "enable-oslogin": "TRUE", instance + "ssh-keys": "me:" + a}, ""},
		"where the instance is free of the project's OS Login": {map[string]string{project + "enable-oslogin": "TRUE", instance + "enable-oslogin": "FALSE", instance + "ssh-keys": "me:" + a}, a + "\n"},
		"not what is no key":                                   {map[string]string{instance + "ssh-keys": "# mine\nme:command=\"sh\" " + a + "\n" + a + "\nme:x:" + a}, ""},
		"with a line break of another system":                  {map[string]string{instance + "ssh-keys": "me:" + a + "\r\n"}, a + "\n"},
	} {
		if o := run(t, "gcp", newService("gcp", machine(row.content)), "", time.Second); o.err != nil || o.files["ssh/authorized_keys"] != row.wanted {
			t.Errorf("%s: got %q and %v, wanted %q", name, o.files["ssh/authorized_keys"], o.err, row.wanted)
		}
	}
}

func TestGCPFailsWhereNothingAnswers(t *testing.T) {
	o := runAt(t, "gcp", "127.0.0.1:1", "", time.Millisecond)
	wanted := regexp.MustCompile(`^metadata: no answer to http://127\.0\.0\.1:1/computeMetadata/v1/instance/id within 1ms s \(.*refused\): is the metadata service enabled for this machine\?$`)
	if o.err == nil || !wanted.MatchString(o.err.Error()) {
		t.Fatalf("got %v", o.err)
	}
}

func FuzzKeysOf(f *testing.F) {
	f.Add(`me:ssh-ed25519 AAAA google-ssh {"userName":"a@b","expireOn":"2099-12-04T20:12:00+0000"}`)
	f.Add("me:ecdsa-sha2-nistp256 B\nyou:sk-ssh-ed25519@openssh.com C\r\n")
	f.Fuzz(func(t *testing.T, lines string) {
		for _, key := range keysOf(lines, time.Unix(0, 0)) {
			if !isKey(key) || strings.ContainsAny(key, "\n") {
				t.Fatalf("a key %q", key)
			}
		}
	})
}
