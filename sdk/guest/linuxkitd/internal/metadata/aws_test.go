package metadata

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func TestAWSReadsUserDataOfAnyBytes(t *testing.T) {
	data := "\r\n\r\n\x00" + strings.Repeat("noise\xff", 20_000) + "\n\n"
	o := run(t, "aws", newService("aws", map[string]string{
		"user-data": data, "meta-data/instance-id": "i-1", "meta-data/hostname": "ip-10-0-0-1.internal",
		"meta-data/public-keys/0/openssh-key": "ssh-ed25519 AAAA me\n",
	}), "", time.Second)
	wanted := map[string]string{
		"userdata": data, "instance_id": "i-1", "hostname": "ip-10-0-0-1.internal", "provider": "AWS\n",
		"ssh/authorized_keys": "ssh-ed25519 AAAA me\n",
	}
	if o.err != nil || !maps.Equal(o.files, wanted) {
		t.Fatalf("got %v and %v", o.names(), o.err)
	}
	if o.log != "metadata: i-1, 120007 bytes of user data\n" {
		t.Errorf("got the log %q", o.log)
	}
	for name, mode := range o.modes {
		if open := name == "hostname" || name == "instance_id"; (mode == 0o644) != open || (mode == 0o600) == open {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
}

func TestAWSWritesTheSerialOfEachDiskThatATagNames(t *testing.T) {
	tags := map[string]string{
		"Name": "db", "linuxkit.disk.data": "vol-0abc", "linuxkit.disk.log": "vol-0def", "linuxkit.disk.": "vol-1",
		"linuxkit.disk..x": "vol-2", "linuxkit.disk.a:b": "vol-3", "linuxkit.disk.a/b": "vol-4", "linuxkit.disk.plain": "x",
	}
	content := map[string]string{}
	var names []string
	for name, value := range tags {
		content["meta-data/tags/instance/"+name] = value
		names = append(names, name)
	}
	content["meta-data/tags/instance"] = strings.Join(names, "\n")
	o := run(t, "aws", newService("aws", content), "", time.Second)
	wanted := map[string]string{"disks/data": "vol0abc", "disks/log": "vol0def", "disks/plain": "x", "provider": "AWS\n"}
	if o.err != nil || !maps.Equal(o.files, wanted) {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
	if o.log != "metadata: this machine, 0 bytes of user data\n" {
		t.Errorf("got the log %q", o.log)
	}
}

func TestAWSAsksAgain(t *testing.T) {
	service := newService("aws", map[string]string{"meta-data/instance-id": "i-1"})
	service.failures = 3
	if o := run(t, "aws", service, "", 5*time.Second); o.err != nil || o.files["instance_id"] != "i-1" {
		t.Fatalf("got %q and %v", o.files, o.err)
	}
}

func TestAWSFailsWhereNothingAnswers(t *testing.T) {
	o := runAt(t, "aws", "127.0.0.1:1", "", time.Millisecond)
	if o.err == nil || o.err.Error() != "metadata: no answer from 127.0.0.1:1 within 1ms s: is the metadata service enabled for this machine?" {
		t.Fatalf("got %v", o.err)
	}
	if len(o.files) != 0 {
		t.Errorf("got %v, wanted no file", o.names())
	}
}

func TestAWSRefusesTooMuch(t *testing.T) {
	for name, row := range map[string]struct {
		content map[string]string
		message string
	}{
		"an answer without end": {map[string]string{"user-data": strings.Repeat("x", answerLimit+1)}, "longer than 1048576 bytes"},
		"tags without end":      {map[string]string{"meta-data/tags/instance": strings.Repeat("a\n", listLimit+1)}, "more than 1024 tags"},
		"a tag that would break a line": {
			map[string]string{"meta-data/tags/instance": "linuxkit.disk.a\r\nX: y"}, "",
		},
	} {
		o := run(t, "aws", newService("aws", row.content), "", time.Millisecond)
		if row.message == "" {
			if o.err != nil || len(o.files) != 1 {
				t.Errorf("%s: got %q and %v", name, o.files, o.err)
			}
		} else if o.err == nil || !strings.Contains(o.err.Error(), row.message) {
			t.Errorf("%s: got %v, wanted %q", name, o.err, row.message)
		}
	}
}
