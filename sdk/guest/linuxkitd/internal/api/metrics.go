package api

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// pressureFolder has what the kernel says of waiting (Documentation/accounting/psi.rst).
const pressureFolder = "/proc/pressure/"

// metrics is the status in Prometheus' text format.
func metrics(status Status, stages []Event) string {
	var text strings.Builder
	family := func(name, kind, help string) {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	sample := func(name string, value float64, labels ...string) {
		text.WriteString(name)
		for at := 0; at+1 < len(labels); at += 2 {
			separator := ","
			if at == 0 {
				separator = "{"
			}
			fmt.Fprintf(&text, `%s%s="%s"`, separator, labels[at], escape(labels[at+1]))
		}
		if len(labels) > 0 {
			text.WriteByte('}')
		}
		text.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
	}

	family("linuxkit_info", "gauge", "The machine's kernel, and the identity of this boot.")
	sample("linuxkit_info", 1, "kernel", status.Kernel, "boot_id", status.BootID)
	family("linuxkit_uptime_seconds", "gauge", "Time since the kernel started.")
	sample("linuxkit_uptime_seconds", status.Uptime)
	family("linuxkit_healthy", "gauge", "Whether every service is up now.")
	sample("linuxkit_healthy", number(status.Healthy))
	family("linuxkit_memory_total_bytes", "gauge", "Memory of the machine.")
	sample("linuxkit_memory_total_bytes", float64(status.MemoryTotal))
	family("linuxkit_memory_available_bytes", "gauge", "Memory that programs can still have without swapping.")
	sample("linuxkit_memory_available_bytes", float64(status.MemoryAvailable))

	each := func(name, kind, help string, value func(ServiceStatus) float64) {
		if len(status.Services) == 0 {
			return
		}
		family(name, kind, help)
		for _, service := range status.Services {
			sample(name, value(service), "service", service.Name)
		}
	}
	each("linuxkit_service_running", "gauge", "Whether the service's process runs.", func(s ServiceStatus) float64 { return number(s.Running) })
	each("linuxkit_service_up", "gauge", "Whether the service is up: healthy, or running without a health check.", func(s ServiceStatus) float64 { return number(s.State == "ok") })
	each("linuxkit_service_restarts_total", "counter", "Starts after the first.", func(s ServiceStatus) float64 { return float64(s.Restarts) })
	each("linuxkit_service_memory_bytes", "gauge", "Memory of the service's control group.", func(s ServiceStatus) float64 { return float64(s.Memory) })
	each("linuxkit_service_cpu_seconds_total", "counter", "Processor time of the service's control group.", func(s ServiceStatus) float64 { return s.CPUSeconds })
	each("linuxkit_service_processes", "gauge", "Processes and threads of the service's control group.", func(s ServiceStatus) float64 { return float64(s.Processes) })

	if len(stages) > 0 {
		family("linuxkit_boot_stage_seconds", "gauge", "When a stage of the boot was reached, since the kernel started.")
		for _, stage := range stages {
			sample("linuxkit_boot_stage_seconds", stage.Seconds, "stage", strings.TrimSpace(stage.Stage+" "+stage.Name))
		}
	}
	if waits := pressures(); len(waits) > 0 {
		family("linuxkit_pressure_waiting_seconds_total", "counter", "Time that some, or all (full), processes waited for a resource.")
		for _, wait := range waits {
			sample("linuxkit_pressure_waiting_seconds_total", wait.seconds, "resource", wait.resource, "share", wait.share)
		}
	}
	return text.String()
}

type pressure struct {
	resource, share string
	seconds         float64
}

// pressures are none where the kernel does not count them.
func pressures() []pressure {
	var all []pressure
	for _, resource := range []string{"cpu", "io", "memory"} {
		text, err := os.ReadFile(pressureFolder + resource)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) == 0 {
				continue
			}
			total, found := strings.CutPrefix(words[len(words)-1], "total=")
			if micros, err := strconv.ParseFloat(total, 64); found && err == nil {
				all = append(all, pressure{resource, words[0], micros / 1e6})
			}
		}
	}
	return all
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// escape writes a label's value as the format has it.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "?"))
}
