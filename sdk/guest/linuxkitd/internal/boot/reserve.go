package boot

import (
	"os"
	"runtime"
	"strings"
)

// reserveRatios has a number for each zone of memory: a zone keeps one page for each so many of the zones above it, and 0
// keeps none (sysctl/vm.rst, lowmem_reserve_ratio).
const reserveRatios = "vm/lowmem_reserve_ratio"

// UseLowMemory lets everything use the first 16 MB of a PC, which the kernel keeps for devices of the ISA bus: 1.8 MB of them
// on a machine with 512 MB, all of them from 4 GB on. Other architectures have a first zone that devices of today need.
func UseLowMemory() {
	if runtime.GOARCH == "amd64" {
		useFirstZone()
	}
}

func useFirstZone() {
	file := parametersFolder + "/" + reserveRatios
	text, err := os.ReadFile(file)
	if err != nil {
		return
	}
	// DMA32, movable and device zones may be missing, the first zone of a PC is not (mm/page_alloc.c, sysctl_lowmem_reserve_ratio)
	ratios := strings.Fields(string(text))
	if len(ratios) < 3 {
		return
	}
	ratios[0] = "0"
	_ = os.WriteFile(file, []byte(strings.Join(ratios, " ")), 0)
}
