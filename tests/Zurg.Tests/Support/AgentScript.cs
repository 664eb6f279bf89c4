using System.Globalization;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>The commands of the agent's transcripts, and how what comes of one is printed.</summary>
internal sealed class AgentScript
{
    private readonly AgentDriver _agent = new();

    public IEnumerable<string> Run(string command)
    {
        var from = _agent.Commits.Count;
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Do(words[0], words[1..]);
        return [.. _agent.Commits.Skip(from).SelectMany(Print), .. _agent.State.Instances.Values.Select(Print)];
    }

    private void Do(string verb, string[] args)
    {
        switch (verb)
        {
            case "assign":
                _agent.Say(AgentWords.Assign(long.Parse(args[0], CultureInfo.InvariantCulture), [.. args[1..].Select(Assigned)]));
                break;
            case "wait":
                _agent.Wait(TimeSpan.Parse(args[0], CultureInfo.InvariantCulture));
                break;
            case "clock":
                _agent.Now += TimeSpan.Parse(args[0], CultureInfo.InvariantCulture);
                break;
            case "restart-agent":
                _agent.Restart();
                break;
            case "shutdown":
                _agent.Say(new AgentInput.ShutDown());
                break;
            default:
                var instance = InstanceId.Parse(args[0]);
                _agent.Say(Input(verb, instance, _agent.State.Instances[instance].Incarnation, args[1..]));
                break;
        }
    }

    /// <summary>
    /// web.0@VERSION, with :nothing, :stacks or :core for a watchdog, or :patient for a stop that waits; +restarts, -stopped,
    /// ?unknown.
    /// </summary>
    private static AssignedInstance Assigned(string text)
    {
        var words = text.TrimEnd('+', '-', '?').Split(':');
        var parts = words[0].Split('@');
        var plain = AgentWords.Assigned(InstanceId.Parse(parts[0]), parts[1]);
        var isPatient = words is [_, "patient"];
        var watchdog = words is [_, var keep] && !isPatient
            ? new WatchdogSpec(TimeSpan.FromSeconds(30), Enum.Parse<WatchdogKeep>(keep, ignoreCase: true))
            : null;
        var spec = plain.Spec with { Watchdog = watchdog };
        return plain with
        {
            Spec = spec,
            Stop = isPatient ? AgentWords.Patient : plain.Stop,
            SpecDigest = SpecDigest.Of(spec),
            Restarts = text.Count(c => c == '+'),
            Wanted = text[^1] switch { '-' => WantedPhase.Stopped, '?' => WantedPhase.Unknown, _ => WantedPhase.Running },
        };
    }

    private static AgentInput Input(string verb, InstanceId instance, Incarnation of, string[] args) => verb switch
    {
        "prepared" => new AgentInput.Prepared(instance, of, AgentWords.Launch()),
        "prepare-failed" => new AgentInput.PrepareFailed(
            instance, of, new Hold(HoldReason.ReleaseUnavailable, string.Join(' ', args))),
        "started" => new AgentInput.Started(instance, of, AgentWords.Pid(Number(args[0]))),
        "start-failed" => new AgentInput.StartFailed(
            instance, of, new Hold(HoldReason.ExecutableMissing, string.Join(' ', args))),
        "exited" => new AgentInput.Exited(instance, of, AgentWords.Code(Number(args[0]))),
        "signalled" => new AgentInput.Exited(instance, of, AgentWords.Killed(Number(args[0]))),
        "gone" => new AgentInput.TreeGone(instance, of),
        "passes" => new AgentInput.Probed(instance, of, new ProbeAnswer(true)),
        "fails" => new AgentInput.Probed(instance, of, new ProbeAnswer(false, string.Join(' ', args))),
        "says-stopping" => new AgentInput.Probed(instance, of, new ProbeAnswer(false, "STOPPING=1", AtOnce: true)),
        "asks-for" => new AgentInput.StartExtended(instance, of, TimeSpan.Parse(args[0], CultureInfo.InvariantCulture)),
        "half-dead" => new AgentInput.WatchdogExpired(instance, of, string.Join(' ', args)),
        "counts" => new AgentInput.SelfTold(instance, of, Refuses: false),
        "command-ended" => new AgentInput.StopCommandEnded(instance, of, args.Length == 0 ? null : string.Join(' ', args)),
        "under-way" => new AgentInput.InFlight(
            instance, of, new InFlightCount(Number(args[0]), Enum.Parse<InFlightBy>(args[1], ignoreCase: true))),
        "found" => new AgentInput.Found(instance, of, args is [var pid] ? AgentWords.Pid(Number(pid)) : null),
        _ => throw new ArgumentException($"no such command: {verb}", nameof(verb)),
    };

    private static IEnumerable<string> Print(AgentCommit commit) =>
    [
        .. commit.Events.Select(e => $"  event  {e.At:HH:mm:ss.fff} {WireEnum.NameOf(e.Kind)} {e.Instance}: {e.Text}"),
        .. commit.Effects.Select(e => $"  effect {Print(e)}"),
    ];

    private static string Print(AgentEffect effect) => effect switch
    {
        AgentEffect.Prepare e => $"prepare {e.Assigned.Spec.Release} as {e.Assigned.Instance}#{e.Incarnation}",
        AgentEffect.PrepareNext e => $"prepare next {e.Assigned.Spec.Release} of {e.Assigned.Instance}",
        AgentEffect.Start e => $"start {e.Assigned.Instance}#{e.Incarnation}",
        AgentEffect.Find e => $"find {e.Assigned.Instance}#{e.Incarnation} pid {Print(e.Process)}",
        AgentEffect.Probe e => $"probe {e.Assigned.Instance}#{e.Incarnation}{(e.Eager ? " eagerly" : "")}",
        AgentEffect.Watch e => $"watch {e.Assigned.Instance}#{e.Incarnation}",
        AgentEffect.KeepStacks e => $"keep stacks {e.Instance}#{e.Incarnation}",
        AgentEffect.StopProbe e => $"stop probe {e.Instance}#{e.Incarnation}",
        AgentEffect.RunStopCommand e => $"run stop command {e.Assigned.Instance}#{e.Incarnation}",
        AgentEffect.AwaitIdle e => $"await idle {e.Instance}#{e.Incarnation}{(e.Counts ? " as it counts" : "")}",
        AgentEffect.EndWait e => $"end wait {e.Instance}#{e.Incarnation}",
        AgentEffect.Signal e => $"signal {e.Name} {e.Instance}#{e.Incarnation}",
        AgentEffect.Reload e => $"reload {e.Assigned.Instance}#{e.Incarnation} by {e.Name}",
        AgentEffect.KillTree e => $"kill tree {e.Instance}#{e.Incarnation} pid {Print(e.Process)}",
        AgentEffect.ReleasePorts e => $"release ports {e.Instance}#{e.Incarnation}",
        AgentEffect.Forget e => $"forget {e.Instance}",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Print(InstanceState s) =>
        $"  state  {s.Assigned.Instance}#{s.Incarnation} {WireEnum.NameOf(s.Phase)}{(s.Healthy ? " healthy" : "")}"
        + (s.ShownHold is { } hold ? $" held {WireEnum.NameOf(hold.Reason)}: {hold.Text}{Mend(hold)}" : "");

    private static string Mend(Hold hold) => hold.Mend is null ? "" : $" [{hold.Mend}]";

    private static string Print(ProcessIdentity? process) => process?.Pid.ToString(CultureInfo.InvariantCulture) ?? "unknown";

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
