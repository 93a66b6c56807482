package secrets

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pulumi-linuxkit/linuxkitd/internal/http1"
)

var example = roleCredentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

// The vectors are those of AWS's own test suite for Signature Version 4: get-vanilla and post-vanilla.
func TestSignAgreesWithTheTestSuite(t *testing.T) {
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for method, signature := range map[string]string{
		"GET":  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		"POST": "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
	} {
		headers := sign(http1.Request{Method: method, Address: "example.amazonaws.com:443", Path: "/"}, "us-east-1", "service", example, at)
		wanted := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + signature
		if got := headers[len(headers)-1].Value; got != wanted {
			t.Errorf("%s: got %s", method, got)
		}
	}
}

func TestSignAgreesWithCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not on this machine")
	}
	by := example
	by.Token = "IQoJb3JpZ2lu//xx=="
	body := `{"SecretId":"prod/db"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		theirs := r.Header.Get("Authorization")
		_, rest, _ := strings.Cut(theirs, "SignedHeaders=")
		names, _, _ := strings.Cut(rest, ",")
		request := http1.Request{Method: "POST", Address: r.Host, Path: "/", Body: []byte(body)}
		for _, name := range strings.Split(names, ";") {
			if name != "host" && name != "x-amz-date" && name != "x-amz-security-token" {
				request.Headers = append(request.Headers, http1.Header{Name: name, Value: r.Header.Get(name)})
			}
		}
		who := by
		if !strings.Contains(names, "x-amz-security-token") {
			who.Token = ""
		}
		headers := sign(request, "eu-central-1", "ssm", who, at)
		if ours := headers[len(headers)-1].Value; err != nil || ours != theirs {
			t.Errorf("got %s, curl has %s, %v", ours, theirs, err)
		}
	}))
	defer server.Close()
	said, err := exec.Command(curl, "--silent", "--show-error", "--noproxy", "*", "--data-binary", body, "--aws-sigv4", "aws:amz:eu-central-1:ssm",
		"--user", by.AccessKeyID+":"+by.SecretAccessKey, "--header", "Content-Type: application/x-amz-json-1.1",
		"--header", "X-Amz-Security-Token: "+by.Token, "--header", "X-Amz-Target: AmazonSSM.GetParameter", server.URL+"/").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}
