using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Zurg.Agent;
using Zurg.Cli.Cluster;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

internal sealed class AgentVerb : Verb
{
    public const string Summary = "one host's agent, as a process of its own";

    private readonly Option<string> master =
        new("--master") { Description = "the master's address", HelpName = "URL", Required = true };
    private readonly Option<string> tokenFile =
        new("--token-file") { Description = "the file with the cluster's token", HelpName = "FILE", Required = true };
    private readonly Option<string> host =
        new("--host") { Description = "this host's name in the cluster", HelpName = "HOST", Required = true };
    private readonly Option<string> cell =
        new("--cell") { Description = "the failure domain it belongs to", HelpName = "CELL", Required = true };
    private readonly Option<string> directory =
        new("--dir") { Description = "everything it keeps", HelpName = "DIR", Required = true };
    private readonly Option<string[]> labels =
        new("--label") { Description = "for constraints; may be given several times", HelpName = "KEY=VALUE" };
    private readonly Option<string> ports = new("--ports")
    {
        Description = "for instances' dynamic ports (20000-29999)",
        HelpName = "FROM-TO",
        DefaultValueFactory = _ => "20000-29999",
    };
    private readonly Option<string?> socket =
        new("--socket") { Description = "of the local API (/run/zurg/HOST.sock)", HelpName = "PATH" };
    private readonly Option<string> cores = new("--cores")
    {
        Description = "disk for core dumps, the oldest going first; 0B leaves them where the kernel puts them",
        HelpName = "SIZE",
        DefaultValueFactory = _ => "1GiB",
    };
    private readonly Option<int?> metrics = new("--metrics")
    {
        Description = "serve /metrics on this port of 127.0.0.1 too; it is always on the local socket", HelpName = "PORT",
    };
    private readonly Option<string?> share = new("--share")
    {
        Description = "give files of its releases to other hosts here, and ask those that do before the master",
        HelpName = "IP:PORT",
    };
    private readonly Option<bool> noExec = new("--no-exec") { Description = "run no commands of 'zurg exec' on this host" };
    private readonly Option<bool> stopInstances = new("--stop-instances")
    {
        Description = "stop what it runs when it is stopped; else that runs on and the next agent takes it over",
    };

    public AgentVerb() : base("agent", Summary)
    {
        foreach (var option in (Option[])
            [master, tokenFile, host, cell, directory, labels, ports, socket, metrics, share, cores, noExec, stopInstances])
        {
            Add(option);
        }

        EndsByInterrupt = true;
        Examples =
        [
            "zurg agent --master http://127.0.0.1:7000 --token-file token --host db1 --cell az1 --dir /var/lib/zurg/agent",
        ];
    }

    public override async Task<int> RunAsync(VerbCall call)
    {
        using var logs = LineLogs.Factory(Console.Error, LogLevel.Information, call.Surroundings.Time);
        await using var agent = await AgentHost.StartAsync(OptionsOf(call, logs), call.Stop);
        call.Screen.Line($"agent of {agent.Host}, local socket {agent.SocketPath}"
            + (agent.MetricsPort is { } port ? $", http://127.0.0.1:{port}/metrics" : "")
            + (agent.ShareUrl is { } url ? $", sharing releases at {url}" : ""));
        try
        {
            await Lifetime.UntilStoppedAsync(agent.Completion, call.Stop);
        }
        finally
        {
            await agent.StopAsync(call.Value(stopInstances));
        }

        return ExitCode.Done;
    }

    private AgentOptions OptionsOf(VerbCall call, ILoggerFactory logs)
    {
        var name = Checked<HostId>(call.Value(host)!);
        return new AgentOptions
        {
            Directory = call.PathOf(call.Value(directory)!),
            Host = name,
            Cell = Checked<CellName>(call.Value(cell)!),
            Labels = LabelsOf(call.Value(labels) ?? []),
            Master = Uri.TryCreate(call.Value(master), UriKind.Absolute, out var url)
                ? url
                : throw Bad($"'{call.Value(master)}' is no address of a master"),
            TokenFile = call.PathOf(call.Value(tokenFile)!),
            Ports = RangeOf(call.Value(ports)!),
            SocketPath = call.Value(socket) is { } typed ? call.PathOf(typed) : SocketOf(name),
            MetricsPort = call.Value(metrics),
            Share = call.Value(share) is not { } listen ? null : IPEndPoint.TryParse(listen, out var endPoint) ? endPoint
                : throw Bad($"'{listen}' is no address such as 127.0.0.1:7100"),
            Exec = !call.Value(noExec),
            CoresMax = SizeOf(call.Value(cores)!),
            Time = call.Surroundings.Time,
            Logs = logs,
        };
    }

    private static string SocketOf(HostId host) =>
        Path.Combine(DevDirectory.RuntimeDirectory(), "zurg", host + ".sock");

    private static T Checked<T>(string text) where T : struct, IId<T> =>
        T.ProblemOf(text) is { } problem ? throw Bad(problem) : T.Wrap(text);

    private static ImmutableSortedDictionary<string, string> LabelsOf(string[] typed) =>
        typed.Select(l => l.Split('=', 2))
            .Select(l => l is [{ Length: > 0 }, _] ? l : throw Bad($"'{string.Join('=', l)}' is no label such as disk=nvme"))
            .ToImmutableSortedDictionary(l => l[0], l => l[1], StringComparer.Ordinal);

    private static (int From, int To) RangeOf(string text) =>
        text.Split('-') is [var from, var to]
        && int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
        && first is >= 1 and <= 65_535 && last >= first && last <= 65_535
            ? (first, last)
            : throw Bad($"'{text}' is no range of ports such as 20000-29999");

    private static long SizeOf(string text) =>
        AgentOptions.SizeOf(text) ?? throw Bad($"--cores: '{text}' is no size such as 512MiB, 2GiB or 0B");

    private static VerbFailedException Bad(string text) => new(text, exitCode: ExitCode.BadUsage);
}
