#!/usr/bin/env python3
"""What the shells complete: bash, and zsh and fish where they are installed, each with its own script loaded.

    completion_test.py DANGGOL

Every analysis, flag and choice that danggol declares must be completed, whichever there are; and in a terminal a Tab must
finish the word.
"""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile

# Typed up to the Tab -> the words of the line after it.
TABS = {
    "danggol imp": ["danggol", "import"],
    "danggol run rf": ["danggol", "run", "rfm"],
    "danggol run rfm --rule=ba": ["danggol", "run", "rfm", "--rule=band"],
    "danggol run rfm --rule ba": ["danggol", "run", "rfm", "--rule", "band"],
    "danggol list --lang=k": ["danggol", "list", "--lang=ko"],
    "danggol pipeline --rooms=rfm,grade_c": ["danggol", "pipeline", "--rooms=rfm,grade_change"],
    "danggol import online-retail or": ["danggol", "import", "online-retail", "orders.csv"],
    "danggol import orders.csv --map=ma": ["danggol", "import", "orders.csv", "--map=map.toml"],
    "danggol show raw.event --out two": ["danggol", "show", "raw.event", "--out", "two words.csv"],
    "danggol simulate lp": ["danggol", "simulate", "lpoint"],
    "danggol completion fi": ["danggol", "completion", "fish"],
    "danggol help run grade_c": ["danggol", "help", "run", "grade_change"],
}


class Bash:
    name = "bash"

    def candidates(self, run, line):
        words = re.findall(r"[=:]|[^\s=:]+", line)  # bash parts words so
        if line.endswith(" "):
            words.append("")
        listed = " ".join(f"'{word}'" for word in words)
        script = (
            f"source <(danggol completion bash); COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _danggol; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return run(["bash", "--norc", "-c", script]).split()

    def start(self):
        return ["bash", "--norc", "--noprofile", "-i"], "source <(danggol completion bash)"


class Zsh:
    name = "zsh"

    def start(self):
        return ["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D; source <(danggol completion zsh)"


class Fish:
    name = "fish"

    def candidates(self, run, line):
        script = f"danggol completion fish | source; complete -C '{line}'"
        return [word.split("\t")[0] for word in run(["fish", "--no-config", "-c", script]).split("\n")[:-1]]


def pressed(command, setup, lines, folder, environment):
    """The words of each line after a Tab, as the shell in a terminal has them."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    script = setup + "\n"
    for line in lines:  # Ctrl-A puts the cursor first; Ctrl-U empties the line
        script += f"{line}\t\x01printf '<%s>' {'BEGIN'} \x05 {'END'}\n"
    script += "exit\n"
    os.write(terminal, script.encode())
    seen = b""
    try:
        while block := os.read(terminal, 65536):
            seen += block
    except OSError:  # the shell has ended
        pass
    os.close(terminal)
    os.waitpid(child, 0)
    text = seen.decode(errors="replace")
    return [re.findall("<(.*?)>", found) for found in re.findall(r"<BEGIN>(.*?)<END>", text, re.DOTALL)], text


def declared(run):
    """Typed up to the Tab -> what must be offered there, by what danggol says of itself."""
    rooms = json.loads(run(["danggol", "list", "--json"]))
    names = [room["name"] for room in rooms]
    wanted = {"danggol run ": names, "danggol describe ": names, "danggol help run ": names}
    wanted["danggol show result."] = [table["name"] for room in rooms for table in room["writes"]]
    for room in rooms:
        line = f"danggol run {room['name']} "
        wanted[line + "--"] = ["--" + param["name"] for param in room["params"]] + ["--as-of", "--seed", "--store"]
        for param in room["params"]:
            if "choices" in param:
                wanted[line + f"--{param['name']} "] = param["choices"]
    wanted["danggol list --lang "] = ["en", "ko"]
    wanted["danggol show result.rfm --format "] = ["text", "csv", "json", "parquet"]
    wanted["danggol simulate "] = ["shop", "lpoint"]
    wanted["danggol import "] = ["events", "online-retail", "lpoint", "orders.csv"]
    wanted["danggol completion "] = ["bash", "zsh", "fish"]
    return wanted


def main():
    danggol = pathlib.Path(sys.argv[1]).resolve()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("orders.csv", "map.toml", "two words.csv"):
            (pathlib.Path(folder) / name).touch()
        environment = {
            **os.environ,
            "PATH": f"{danggol.parent}:{os.environ['PATH']}",
            "HOME": folder,
            "TERM": "dumb",
            "INPUTRC": "/dev/null",
        }

        def run(command):
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode or done.stderr:
                failures.append(f"{command}: status {done.returncode}\n{done.stderr}")
            return done.stdout

        wanted = declared(run)
        for shell in (Bash(), Zsh(), Fish()):
            if not shutil.which(shell.name):
                print(f"{shell.name}: skipped: not installed")
                continue
            tried = []
            if hasattr(shell, "candidates"):
                tried.append(f"{len(wanted)} lists")
                for line, words in wanted.items():
                    offered = shell.candidates(run, line)
                    for word in set(words) - set(offered):
                        failures.append(f"{shell.name}: {line!r}: {word} is not offered, but {offered}")
                nothing = shell.candidates(run, "danggol run rfm --rule=q")
                if nothing:
                    failures.append(f"{shell.name}: --rule=q: nothing begins so, but {nothing} is offered")
            if hasattr(shell, "start"):
                tried.append(f"{len(TABS)} Tabs")
                results, text = pressed(*shell.start(), TABS, folder, environment)
                if len(results) != len(TABS):
                    failures.append(f"{shell.name}: {len(results)} of {len(TABS)} lines came back:\n{text}")
                for (line, words), got in zip(TABS.items(), results):
                    if got != words:
                        failures.append(f"{shell.name}: {line!r} and Tab: {got}, not {words}")
            print(f"{shell.name}: {' and '.join(tried)}")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
