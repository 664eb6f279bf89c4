using System.Collections.Immutable;

namespace Zurg.Core;

[Doc("One service: what runs, how often, and how it is looked after.")]
public sealed record ServiceDraft
{
    [Doc("The release to run: a version of the release that is named like the service, or NAME@VERSION. "
        + "Pushed before with `zurg release push NAME VERSION DIR`.", Example = "1.1.0", Form = DraftForm.Release,
            Required = true)]
    public string? Release { get; init; }

    [Doc("The executable: a path inside the release, or an absolute one of the host.", Example = "bin/web", Required = true)]
    public string? Run { get; init; }

    [Doc("Its arguments. Variables such as ${ports.http} are replaced.", Example = "[--port, \"${ports.http}\"]",
        Default = "none")]
    public ImmutableArray<string>? Args { get; init; }

    [Doc("Environment variables on top of those that every instance gets. Variables are replaced.",
        Example = "{ LOG_LEVEL: debug }",
        Default = "none")]
    public ImmutableSortedDictionary<string, string>? Env { get; init; }

    [Doc("Values of its own, by name: ${vars.NAME} in args and env, {{vars.NAME}} in templates.", Example = "{ role: replica }",
        Default = "none")]
    public ImmutableSortedDictionary<string, string>? Vars { get; init; }

    [Doc("By an instance's index: values in place of those of vars. A change restarts these instances alone.",
        Example = "{ 0: { role: primary } }", Default = "none")]
    public ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, string>>? PerInstance { get; init; }

    [Doc("Where it starts: absolute, or inside the instance's own directory. Variables are replaced.", Example = "${release_dir}",
        Default = "the instance's own directory")]
    public string? WorkingDirectory { get; init; }

    [Doc("The user of the host as whom it runs. Only an agent that is root can use another than its own.", Example = "www-data",
        Default = "the agent's own")]
    public string? User { get; init; }

    [Doc("The group of the host in place of the user's own.", Example = "www-data", Default = "the user's own")]
    public string? Group { get; init; }

    [Doc("More groups, on top of those that the host gives the user.", Example = "[ssl-cert]", Default = "none")]
    public ImmutableArray<string>? Groups { get; init; }

    [Doc("Permission bits that the files it makes do not get, in octal.", Example = "\"027\"", Default = "the agent's own")]
    public string? Umask { get; init; }

    [Doc("-20 (goes first) to 19 (goes last) when processors are scarce. Below the agent's own only root may go.",
        Example = "5", Default = "the agent's own")]
    public int? Nice { get; init; }

    [Doc("-1000 (never) to 1000 (first): who is killed when the host's memory runs out. Below the agent's own only root may go.",
        Example = "500", Default = "the agent's own")]
    public int? OomScoreAdj { get; init; }

    [Doc("How many in all, spread over cells, then hosts: 0 to 10000. Not together with per_host or hosts.", Example = "3",
        Default = "1")]
    public int? Instances { get; init; }

    [Doc("How many on every host that fits: 1 to 100. In place of instances.", Example = "1")]
    public int? PerHost { get; init; }

    [Doc("One instance on each of these hosts. In place of instances.", Example = "[host1, host2]")]
    public ImmutableArray<string>? Hosts { get; init; }

    [Doc("Labels that a host must have: for each, one of the values. The label `cell` is the host's cell.",
        Example = "{ disk: ssd, gpu: [a100, h100] }", Default = "none", Form = DraftForm.OneOrMany)]
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Constraints { get; init; }

    [Doc("Services it talks to. An instance starts first when each of them has an endpoint.", Example = "[sudoku-solver]",
        Default = "none")]
    public ImmutableArray<string>? DependsOn { get; init; }

    [Doc("For a program that cannot be changed: the agent listens at each of these addresses of the instance's own host while it "
        + "is there, and carries TCP connections to ready instances of the service. SERVICE/PORT when the service has several "
        + "ports and none is named http. Nothing waits for the service: name it in depends_on as well for that. A change takes "
        + "effect at once, without a restart.",
        Example = "{ sudoku-solver: \"127.0.0.1:9981\" }", Default = "none")]
    public ImmutableSortedDictionary<string, string>? Uses { get; init; }

    [Doc("What it listens on, by name: `dynamic` (the agent picks a free port) or a number. The process finds it as PORT_NAME "
        + "in its environment (upper case, '-' as '_') and as ${ports.NAME}.", Example = "{ http: dynamic, admin: 9000 }",
        Default = "none", Form = DraftForm.Port)]
    public ImmutableSortedDictionary<string, string>? Ports { get; init; }

    [Doc("The question whose answer makes an instance ready. `none`: ready once it has run for a second; `notify`: it says "
        + "so itself.",
        Example = "{ http: /healthz, port: http, every: 1s }", Default = "tcp of its first port by name; none without ports")]
    public ProbeDraft? Probe { get; init; }

    [Doc("Once ready, it must say WATCHDOG=1 on NOTIFY_SOCKET (sd_notify) at least so often, or it counts as half dead, is "
        + "killed and restarted. It finds the time as WATCHDOG_USEC in its environment.", Example = "30s", Default = "none",
        Form = DraftForm.Duration)]
    public string? Watchdog { get; init; }

    [Doc("What is kept of a half dead process: `stacks` writes what each thread was doing to a file of its host, `core` ends it "
        + "by SIGABRT, which needs limits: { core: ... }.", Example = "stacks", Default = "nothing",
        Form = DraftForm.WatchdogKeep)]
    public string? WatchdogKeep { get; init; }

    [Doc("What happens when it exits by itself.", Example = "{ delay: 100ms, max_delay: 30s, window: 10m, attempts: 10 }")]
    public RestartDraft? Restart { get; init; }

    [Doc("How it is stopped.", Example = "{ signal: TERM, grace: 30s, drain: 30s }")]
    public StopDraft? Stop { get; init; }

    [Doc("What is kept of what its instances write to stdout and stderr.", Example = "{ max_size: 500MiB, max_age: 30d }")]
    public LogsDraft? Logs { get; init; }

    [Doc("What one instance may use at most.", Example = "{ memory: 256MiB, open_files: 16384 }")]
    public LimitsDraft? Limits { get; init; }

    [Doc("Files generated before a start and again whenever what they show changes.",
        Example = "[{ from: conf/web.conf.hbs, to: conf/web.conf, then: restart }]", Default = "none")]
    public ImmutableArray<TemplateDraft>? Templates { get; init; }

    [Doc("How a change goes out.", Example = "{ canary: 1, batch: 25%, bake: 1m }")]
    public UpdateDraft? Update { get; init; }
}

[Doc("Exactly one of http, tcp, exec, notify and none.")]
public sealed record ProbeDraft
{
    [Doc("A path: a GET of it must answer 200 to 399.", Example = "/healthz")]
    public string? Http { get; init; }

    [Doc("For http: the name of the port. May be left out when there is only one.", Example = "http", Form = DraftForm.Name)]
    public string? Port { get; init; }

    [Doc("The name of a port that must take a connection.", Example = "http", Form = DraftForm.Name)]
    public string? Tcp { get; init; }

    [Doc("A command that must exit with 0, run in the instance's directory with its environment. "
        + "The program is looked for in the release, then in PATH. Variables are replaced.",
        Example = "[bin/check, --quick]")]
    public ImmutableArray<string>? Exec { get; init; }

    [Doc("The process says READY=1 on NOTIFY_SOCKET, as under systemd (sd_notify). Also as `probe: notify`.", Example = "true",
        Form = DraftForm.Word)]
    public bool? Notify { get; init; }

    [Doc("No probe: ready once it has run for a second. Also as `probe: none`.", Example = "true", Form = DraftForm.Word)]
    public bool? None { get; init; }

    [Doc("The time between two answers once the first has passed; before, it asks after 10 ms, doubling up to this.",
        Example = "5s",
        Default = "1s", Form = DraftForm.Duration)]
    public string? Every { get; init; }

    [Doc("An answer that takes longer is a failure.", Example = "500ms", Default = "1s", Form = DraftForm.Duration)]
    public string? Timeout { get; init; }

    [Doc("So many failures in a row make a ready instance unready; one pass makes it ready again.", Example = "5", Default = "3")]
    public int? FailAfter { get; init; }

    [Doc("An instance that was never ready by then is killed and restarted.", Example = "5m", Default = "60s",
        Form = DraftForm.Duration)]
    public string? StartTimeout { get; init; }
}

[Doc("The first restart is immediate; then delays double from delay up to max_delay.")]
public sealed record RestartDraft
{
    [Doc("The wait before the second restart within the window.", Example = "1s", Default = "100ms", Form = DraftForm.Duration)]
    public string? Delay { get; init; }

    [Doc("The longest wait.", Example = "1m", Default = "30s", Form = DraftForm.Duration)]
    public string? MaxDelay { get; init; }

    [Doc("Exits within this time count as attempts.", Example = "1h", Default = "10m", Form = DraftForm.Duration)]
    public string? Window { get; init; }

    [Doc("So many restarts within the window; then it waits for the window to move on or for `zurg restart`.", Example = "3",
        Default = "10")]
    public int? Attempts { get; init; }
}

[Doc("Its consumers let go of it, it is told, its command runs, what is under way in it ends; then a signal to the process, and "
    + "after the grace SIGKILL to everything that it started.")]
public sealed record StopDraft
{
    [Doc("TERM, INT, QUIT, HUP, USR1, USR2 or KILL.", Example = "INT", Default = "TERM", Form = DraftForm.StopSignal)]
    public string? Signal { get; init; }

    [Doc("The time from the signal until it is killed.", Example = "2m", Default = "30s", Form = DraftForm.Duration)]
    public string? Grace { get; init; }

    [Doc(
        "Before a planned stop consumers are waited for so long, at most; most confirm within milliseconds. Then its command and "
            + "the requests under way in it are waited for so long, at most. 0s: not at all.",
        Example = "2m", Default = "30s", Form = DraftForm.Duration)]
    public string? Drain { get; init; }

    [Doc("Run before the signal, once no consumer uses the instance any more, in its directory with its environment and user. "
        + "The program is looked for in the release, then in PATH. Variables are replaced. Its output goes to the instance's "
        + "log; when drain is over it is killed.", Example = "[bin/ctl, leave]", Default = "none")]
    public ImmutableArray<string>? Command { get; init; }
}

[Doc("The oldest lines go first. A change takes effect on running instances at once.")]
public sealed record LogsDraft
{
    [Doc("Disk on each host for all of the service's instances there together; each gets an equal share.", Example = "500MiB",
        Default = "100MiB", Form = DraftForm.Size)]
    public string? MaxSize { get; init; }

    [Doc("Older lines are removed.", Example = "30d", Default = "7d", Form = DraftForm.Duration)]
    public string? MaxAge { get; init; }
}

[Doc("What is not written has no limit.")]
public sealed record LimitsDraft
{
    [Doc("Memory of all its processes together. A host is never promised more than it has.", Example = "256MiB",
        Form = DraftForm.Size)]
    public string? Memory { get; init; }

    [Doc("Processor time of all its processes together, in cores.", Example = "0.5")]
    public double? Cpu { get; init; }

    [Doc("Open files of one process. Never above the kernel's fs.nr_open.", Example = "16384")]
    public int? OpenFiles { get; init; }

    [Doc("Processes and threads together. Without the kernel's pids controller all processes of its user count, and root's are "
        + "not limited.", Example = "200")]
    public int? Processes { get; init; }

    [Doc("The size of a core dump; 0 makes none.", Example = "unlimited", Default = "the agent's own", Form = DraftForm.Limit)]
    public string? Core { get; init; }

    [Doc("The stack of the main thread.", Example = "8MiB", Default = "the agent's own", Form = DraftForm.Limit)]
    public string? Stack { get; init; }

    [Doc("Memory that one process may lock.", Example = "64MiB", Default = "the agent's own", Form = DraftForm.Limit)]
    public string? LockedMemory { get; init; }

    [Doc("The size of a file that it writes. Its log counts.", Example = "1GiB", Default = "the agent's own",
        Form = DraftForm.Limit)]
    public string? FileSize { get; init; }

    [Doc("Where the kernel has no controller for memory, cpu or processes: `best_effort` runs it without that limit "
        + "(`zurg hosts` says what a host enforces), `required` holds it. All other limits hold it wherever they cannot be set.",
        Example = "required", Default = "best_effort", Form = DraftForm.Enforce)]
    public string? Enforce { get; init; }
}

[Doc("A Handlebars template of the release and the file that comes of it.")]
public sealed record TemplateDraft
{
    [Doc("The template: a path inside the release.", Example = "conf/web.conf.hbs", Required = true)]
    public string? From { get; init; }

    [Doc("The file: a path inside the instance's directory.", Example = "conf/web.conf", Required = true)]
    public string? To { get; init; }

    [Doc("What happens to a running instance when the text changed: `restart`, `nothing` or `{ reload: HUP }`. A consumer whose "
        + "file names endpoints uses the new ones once it was restarted, or once the reload has taken effect.",
        Example = "restart",
        Default = "nothing")]
    public ThenDraft? Then { get; init; }

    [Doc("Short for `then: { reload: HUP }`: the signal it gets.", Example = "HUP", Form = DraftForm.ReloadSignal)]
    public string? Reload { get; init; }
}

[Doc("One of them.")]
public sealed record ThenDraft
{
    [Doc("It is restarted.", Example = "true", Form = DraftForm.Word)]
    public bool? Restart { get; init; }

    [Doc("It looks after the file itself.", Example = "true", Form = DraftForm.Word)]
    public bool? Nothing { get; init; }

    [Doc("It gets a signal: HUP, USR1 or USR2, once it is ready and has a handler for it; changes within a moment are one. It "
        + "counts as reloaded once every process of the instance of before the signal, but its main one, has ended, or accepts "
        + "nothing new for 10 s; with no such process a second after it took the signal.",
        Example = "HUP", Form = DraftForm.ReloadSignal)]
    public string? Reload { get; init; }

    [Doc("With `reload`: a command that ends with 0 once the program goes by the new file; asked until it does, instead of "
        + "looking at its processes. In the instance's directory, with its environment and user; each run is killed after 10 s.",
        Example = "[bin/ctl, reloaded]", Form = DraftForm.OneOrMany)]
    public ImmutableArray<string>? Done { get; init; }
}

[Doc(
    "Every change of a running instance goes out in steps: release, args, env, settings, templates, an asked-for "
    + "restart. First the canary, then batches, each ready and watched for the bake before the next; an instance that "
    + "fails halts the change or takes it back. So that nothing is missing meanwhile, spares are started: instances on "
    + "top (their indices follow those of the service), already on the new target, which stand in while the others "
    + "change one after the other and leave at the end. max_unavailable and surge, when neither is written, are 0 and "
    + "1: a spare first, and nothing is ever away. A service with a port of a fixed number gets 1 and 0, since a spare "
    + "on the same host could not have the port. If one of them is written as 0, the other is 1.")]
public sealed record UpdateDraft
{
    [Doc("Instances that get a change first; 0: none, it begins with a batch. A restart alone has no canary and no bake.",
        Example = "2", Default = "1")]
    public int? Canary { get; init; }

    [Doc("How many at a time after that: a number, or per cent of all.", Example = "25%", Default = "25%",
        Form = DraftForm.Batch)]
    public string? Batch { get; init; }

    [Doc("In place of batch: so many batches of the same size.", Example = "4")]
    public int? Batches { get; init; }

    [Doc("So long all that have the change must have been ready before it goes on; one that fails within it counts.",
        Example = "5m", Default = "10s", Form = DraftForm.Duration)]
    public string? Bake { get; init; }

    [Doc("auto: it goes on by itself after the bake. manual: each step but the last waits for `zurg rollout promote`.",
        Example = "manual", Default = "auto", Form = DraftForm.AutoOrManual)]
    public string? Promote { get; init; }

    [Doc("One cell after another, in the order of cells: one begins when all of the one before it have the change.",
        Example = "true", Default = "false")]
    public bool? ByCell { get; init; }

    [Doc("An instance that is not ready so long after its change has failed.", Example = "30s", Default = "5m",
        Form = DraftForm.Duration)]
    public string? ReadyWithin { get; init; }

    [Doc("Instances that may be down on purpose at once: for changes, restarts and drains of hosts together.", Example = "1")]
    public int? MaxUnavailable { get; init; }

    [Doc("Spares that may be started on top while something changes.", Example = "2")]
    public int? Surge { get; init; }

    [Doc("auto: a change that fails goes back by itself. manual: it halts, and `zurg rollout resume` or `abort` decides.",
        Example = "manual", Default = "auto", Form = DraftForm.AutoOrManual)]
    public string? Rollback { get; init; }

    [Doc("In place of canary, batches and spares: all the new instances are started beside the old ones and take over at once.",
        Example = "{ keep: 10m, strict: false }", Default = "none")]
    public BlueGreenDraft? BlueGreen { get; init; }
}

[Doc("The new side is listed in place of the old one in one step, when all of it is ready. It needs room for both.")]
public sealed record BlueGreenDraft
{
    [Doc("The old side runs on so long after the switch, unlisted: `zurg rollout abort` switches back at once.", Example = "1h",
        Default = "10m", Form = DraftForm.Duration)]
    public string? Keep { get; init; }

    [Doc("The old side refuses new requests before the new one accepts any, so that no two releases ever answer at the same "
        + "time. Needs the SDK in the service; it holds if one instance cannot be told.", Example = "true", Default = "false")]
    public bool? Strict { get; init; }
}
