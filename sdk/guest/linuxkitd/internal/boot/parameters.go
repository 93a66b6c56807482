package boot

import (
	"fmt"
	"os"

	"pulumi-linuxkit/linuxkitd/internal/description"
)

// SetParameters writes parameters of the kernel. What this kernel does not have is left out; what it refuses is an error.
func SetParameters(parameters []description.Parameter) error {
	for _, parameter := range parameters {
		file := "/proc/sys/" + parameter.Path
		if !exists(file) {
			continue
		}
		if err := os.WriteFile(file, []byte(parameter.Value+"\n"), 0); err != nil {
			return fmt.Errorf("the kernel parameter %s does not take %s", parameter.Path, parameter.Value)
		}
	}
	return nil
}
