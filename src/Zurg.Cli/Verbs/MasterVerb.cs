using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Zurg.Cli.Cluster;
using Zurg.Master;

namespace Zurg.Cli.Verbs;

internal sealed class MasterVerb : Verb
{
    public const string Summary = "the control plane, as a process of its own";

    private readonly Option<string> directory =
        new("--dir") { Description = "everything it keeps", HelpName = "DIR", Required = true };
    private readonly Option<string> listen = new("--listen")
    {
        Description = "a loopback address and port (127.0.0.1:7000)",
        HelpName = "ADDRESS:PORT",
        DefaultValueFactory = _ => "127.0.0.1:7000",
    };

    public MasterVerb() : base("master", Summary)
    {
        Add(directory);
        Add(listen);
        EndsByInterrupt = true;
        Examples = ["zurg master --dir /var/lib/zurg/master --listen 127.0.0.1:7000"];
    }

    public override async Task<int> RunAsync(VerbCall call)
    {
        if (!IPEndPoint.TryParse(call.Value(listen)!, out var address))
        {
            throw new VerbFailedException(
                $"'{call.Value(listen)}' is no address with a port", "it looks like 127.0.0.1:7000", ExitCode.BadUsage);
        }

        using var logs = LineLogs.Factory(Console.Error, LogLevel.Information, call.Surroundings.Time);
        var options = new MasterOptions
        {
            Directory = call.PathOf(call.Value(directory)!), Listen = address, Time = call.Surroundings.Time, Logs = logs,
        };
        if (options.Validate() is [var problem, ..])
        {
            throw new VerbFailedException(problem, exitCode: ExitCode.BadUsage);
        }

        await using var master = await StartAsync(options, call.Stop);
        call.Screen.Line($"master at {master.Url}, token in {master.TokenFile}");
        await Lifetime.UntilStoppedAsync(master.Completion, call.Stop);
        return ExitCode.Done;
    }

    /// <summary>A directory in use or a port that is taken is said in words.</summary>
    private static async Task<MasterHost> StartAsync(MasterOptions options, CancellationToken stop)
    {
        try
        {
            return await MasterHost.StartAsync(options, stop);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new VerbFailedException($"the master cannot start: {e.Message}");
        }
    }
}
