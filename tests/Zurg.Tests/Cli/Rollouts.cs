using System.Text;
using Zurg.Protocol;

namespace Zurg.Tests.Cli;

/// <summary>Rollouts of the service web for tests: 1.0 to 1.1, of four instances.</summary>
internal static class Rollouts
{
    public static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);

    public static readonly ServiceName Web = new("web");

    public static readonly RolloutStatus Running = new()
    {
        Rollout = new Rollout
        {
            Service = Web,
            Number = 4,
            From = Target("1.0", spec: 6),
            To = Target("1.1", spec: 7),
            Phase = RolloutPhase.Running,
            StartedAt = Now.AddSeconds(-12),
            StageSince = Now.AddSeconds(-12),
            Why = "release 1.0 -> 1.1 (spec 7 by ann)",
            Allowed = 1,
        },
        Paused = false,
        Instances = 4,
        OnTarget = 1,
        OnTargetReady = 1,
        Spares = 0,
        Stages = [1, 2, 3, 4],
        WaitsForPromotion = false,
    };

    public static RolloutStatus Baking => Running with { BakesUntil = Now.AddSeconds(6.4) };

    public static RolloutStatus Complete => Running with
    {
        OnTarget = 4,
        OnTargetReady = 4,
        Rollout = Running.Rollout with { Phase = RolloutPhase.Completed, Allowed = 4, EndedAt = Now },
    };

    public static RolloutStatus GoingBack => Running with
    {
        Rollout = Running.Rollout with
        {
            Phase = RolloutPhase.RollingBack,
            To = Running.Rollout.From,
            Refused = Running.Rollout.To,
            Reason = "web.0 ended by itself",
        },
    };

    public static RolloutStatus TakenBack => GoingBack with
    {
        Rollout = GoingBack.Rollout with { Phase = RolloutPhase.Completed, EndedAt = Now },
    };

    public static RolloutStatus Halted => Running with
    {
        Rollout = Running.Rollout with { Phase = RolloutPhase.Halted, Reason = "web.0 ended by itself" },
    };

    public static ServiceStatus Service(RolloutStatus? rollout, bool upToDate = false) => new()
    {
        Service = Web,
        Release = ReleaseId.Parse("web@1.1"),
        Wanted = 4,
        Ready = 4,
        Stopped = false,
        Rollout = rollout,
        Instances = [Instance("web.0", "1.1", upToDate: true), Instance("web.1", "1.0", upToDate)],
    };

    public static ClusterStatus Status(RolloutStatus? rollout, params Hold[] holds) => new()
    {
        Spec = new SpecNumber(7),
        Converged = holds.Length == 0 && rollout?.Rollout.Phase == RolloutPhase.Completed,
        Services = [Service(rollout)],
        Holds = [.. holds],
    };

    public static PlacedInstance Instance(string name, string version, bool upToDate, string host = "host1") => new(
        InstanceId.Parse(name), new HostId(host), new CellName("az1"), upToDate, new InstanceStatus
        {
            Instance = InstanceId.Parse(name),
            Incarnation = new Incarnation(1),
            Phase = InstancePhase.Running,
            Healthy = true,
            Spec = Target(version, spec: 0).Digest,
            Release = ReleaseId.Parse($"web@{version}"),
            Restarts = 0,
            Since = Now.AddSeconds(-5),
            Crashes = 0,
        });

    public static RolloutTarget Target(string version, int spec) => new()
    {
        Spec = new SpecNumber(spec),
        Release = ReleaseId.Parse($"web@{version}"),
        Digest = Digest.Of(Encoding.UTF8.GetBytes(version)),
        Restarts = 0,
    };
}
