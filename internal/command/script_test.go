package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/imgtool/imgtool/internal/command"
	"github.com/imgtool/imgtool/internal/imagetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"imgtool": func() {
			os.Exit(command.Main(os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv))
		},
	})
}

// TestScripts runs testdata/script: the command line as users see it, each in a directory and with a store of its own.
func TestScripts(t *testing.T) {
	archives, err := filepath.Abs("../../testdata/archives")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:             "../../testdata/script",
		WorkdirRoot:     imagetest.MemoryDir(t),
		ContinueOnError: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("IMGTOOL_STORE", filepath.Join(env.WorkDir, ".store"))
			env.Setenv("ARCHIVES", archives)
			env.Setenv("FIXTURES", os.Getenv("IMGTOOL_FIXTURES"))
			env.Setenv("TZ", "UTC")
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "fixtures" {
				return os.Getenv("IMGTOOL_FIXTURES") != "", nil
			}
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: scriptCommands(),
	})
}
