package api

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEventsAreKeptWithinBounds(t *testing.T) {
	events := NewEvents()
	for number := range mostEvents + 10 {
		events.Hear("1.50", []string{"service", "web", "restart", fmt.Sprint(number)})
	}
	kept, _ := events.since(0)
	if len(kept) != mostEvents || kept[0].Number != 11 || kept[len(kept)-1].Message != fmt.Sprint(mostEvents+9) {
		t.Errorf("got %d, %+v", len(kept), kept[0])
	}
}

func TestEventsAreFollowed(t *testing.T) {
	events := NewEvents()
	events.Hear("1.00", []string{"kernel", "6.1", "boot"})
	ctx, stop := context.WithCancel(context.Background())
	var got said
	over := make(chan error, 1)
	go func() { over <- events.write(ctx, &got, true) }()
	events.Hear("2.25", []string{"service", "web", "ended", "exit status 1"})
	want := `{"number":1,"seconds":1,"stage":"kernel","message":"6.1 boot"}` + "\n" +
		`{"number":2,"seconds":2.25,"stage":"service","name":"web","state":"ended","message":"exit status 1"}` + "\n"
	for deadline := time.Now().Add(10 * time.Second); got.String() != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %q", got.String())
		}
	}
	stop()
	if err := <-over; err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestTasksHaveWhatBecameOfThem(t *testing.T) {
	events := NewEvents()
	for _, words := range []string{"onboot dhcp start", "onboot dhcp ok", "onboot disk start", "onboot disk optional no such disk"} {
		events.Hear("1.00", strings.Fields(words))
	}
	want := []TaskStatus{{Name: "dhcp", Phase: "onboot", State: "ok"}, {Name: "disk", Phase: "onboot", State: "optional", Message: "no such disk"}}
	if got := events.Tasks(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestMetricsNameEachStageOnce(t *testing.T) {
	events := NewEvents()
	for _, words := range []string{"init", "onboot a start", "onboot a ok", "onboot a ok", "service a started", "healthy"} {
		events.Hear("1.00", strings.Fields(words))
	}
	text := metrics(Status{Services: []ServiceStatus{{Name: "a\"b\\\nc"}}}, events.Stages())
	if got := strings.Count(text, "linuxkit_boot_stage_seconds{"); got != 3 {
		t.Errorf("got %d stages: %s", got, text)
	}
	if !strings.Contains(text, `{service="a\"b\\\nc"}`) || bytes.Count([]byte(text), []byte("# TYPE linuxkit_service_up ")) != 1 {
		t.Errorf("got %s", text)
	}
}
