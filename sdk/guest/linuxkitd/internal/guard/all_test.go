package guard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// a panic in a goroutine that nothing catches is the end of PID 1, and so of the machine
func TestEveryGoroutineOfPID1IsGuarded(t *testing.T) {
	listed, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}} {{.Dir}}{{end}}", "pulumi-linuxkit/linuxkitd/internal/guest", "pulumi-linuxkit/linuxkitd/internal/stage1").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(listed)) {
		name, folder, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(name, "pulumi-linuxkit/") || strings.HasSuffix(name, "/guard") {
			continue
		}
		seen++
		set := token.NewFileSet()
		packages, err := parser.ParseDir(set, folder, func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, parsed := range packages {
			ast.Inspect(parsed, func(node ast.Node) bool {
				if work, at := goroutine(node); work != nil && !guarded(work) {
					position := set.Position(at)
					t.Errorf("%s:%d: a goroutine without a guard", filepath.Join(name, filepath.Base(position.Filename)), position.Line)
				}
				return true
			})
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// goroutine is what a node runs in a goroutine of its own: a statement with go, time.AfterFunc, or sync.WaitGroup.Go.
func goroutine(node ast.Node) (ast.Node, token.Pos) {
	switch node := node.(type) {
	case *ast.GoStmt:
		return node.Call.Fun, node.Pos()
	case *ast.CallExpr:
		called, is := node.Fun.(*ast.SelectorExpr)
		if !is || len(node.Args) == 0 {
			return nil, 0
		}
		if called.Sel.Name == "AfterFunc" || called.Sel.Name == "Go" && len(node.Args) == 1 {
			return node.Args[len(node.Args)-1], node.Pos()
		}
	}
	return nil, 0
}

// guarded: the function does nothing but call the guard, beside what a defer does.
func guarded(work ast.Node) bool {
	function, is := work.(*ast.FuncLit)
	if !is {
		return false
	}
	for _, statement := range function.Body.List {
		switch statement := statement.(type) {
		case *ast.DeferStmt:
		case *ast.ExprStmt:
			if !callsGuard(statement.X) {
				return false
			}
		case *ast.AssignStmt:
			if len(statement.Rhs) != 1 || !callsGuard(statement.Rhs[0]) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func callsGuard(expression ast.Expr) bool {
	call, is := expression.(*ast.CallExpr)
	if !is {
		return false
	}
	called, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		return false
	}
	from, is := called.X.(*ast.Ident)
	return is && from.Name == "guard"
}
