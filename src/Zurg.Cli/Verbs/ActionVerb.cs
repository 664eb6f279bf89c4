using System.CommandLine;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>
/// restart, stop and start: asked of a service or of one instance, written down by the master, carried out step by step.
/// </summary>
internal sealed class ActionVerb : ClientVerb
{
    public const string RestartSummary = "restart a service as its update budget allows, or one instance";
    public const string StopSummary = "stop a service; its instances keep their places";
    public const string StartSummary = "start a stopped service again";

    private readonly Argument<string> target;

    private ActionVerb(string action, string summary, bool instances) : base(action, summary)
    {
        target = new Argument<string>(instances ? "SERVICE[.INDEX]" : "SERVICE")
        {
            Description = instances ? "a service, or one of its instances" : "a service",
        };
        Add(target);
        Examples = instances
            ? [$"zurg {action} web      # as many at a time as its update: allows, one by default",
                $"zurg {action} web.0    # this one"]
            : [$"zurg {action} web"];
    }

    public static Command Restart() => new ActionVerb("restart", RestartSummary, instances: true);

    public static Command Stop() => new ActionVerb("stop", StopSummary, instances: false);

    public static Command Start() => new ActionVerb("start", StartSummary, instances: false);

    protected override async Task<int> RunAsync(MasterClient master, VerbCall call, bool json)
    {
        var (service, instance) = Target.Parse(call.Value(target));
        var accepted = await master.ActAsync(service, Name, instance, call.Surroundings.Author, call.Stop);
        Show(accepted, call, json);
        return ExitCode.Done;
    }
}

/// <summary>web or web.0 as people type them.</summary>
internal static class Target
{
    public static (ServiceName Service, InstanceId? Instance) Parse(string text)
    {
        var named = text.Contains('.', StringComparison.Ordinal);
        if ((named ? InstanceId.ProblemOf(text) : ServiceName.ProblemOf(text)) is { } problem)
        {
            throw new VerbFailedException(problem, exitCode: ExitCode.BadUsage);
        }

        var instance = named ? InstanceId.Wrap(text) : (InstanceId?)null;
        return (instance?.Service ?? new ServiceName(text), instance);
    }
}
