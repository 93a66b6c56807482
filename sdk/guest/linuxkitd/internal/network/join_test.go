package network

import "testing"

func TestAMemberOfANetwork(t *testing.T) {
	member, err := ParseMember("02:00:0a:4d:00:0b 10.77.0.11/24\n")
	if err != nil || member.MAC.String() != "02:00:0a:4d:00:0b" || member.Address.String() != "10.77.0.11/24" {
		t.Errorf("got %v, %v", member, err)
	}
	for _, text := range []string{
		"", "02:00:0a:4d:00:0b", "02:00:0a:4d:00 10.77.0.11/24", "02:00:0a:4d:00:0b 10.77.0.11", "02:00:0a:4d:00:0b 10.77.0.11/33",
		"02:00:0a:4d:00:0b fd00::1/64", "02:00:0a:4d:00:0b 10.77.0.11/24 more", "00:00:00:00:fe:80:00:00 10.77.0.11/24",
	} {
		if member, err := ParseMember(text); err == nil {
			t.Errorf("%q: got %v", text, member)
		}
	}
}
