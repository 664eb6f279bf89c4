using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What becomes of processes that a starting agent's journal does not know: never a second one beside them. What runs just what
/// is assigned is adopted untouched; everything else is ended as its stop policy says, and only then followed.
/// </summary>
internal static class Strays
{
    /// <summary>An instance's newest incarnation counts, the journal's or one that was found; the others are killed.</summary>
    public static void Sort(AgentDraft draft, ImmutableArray<Stray> found)
    {
        var strays = ImmutableArray.CreateBuilder<Stray>();
        foreach (var group in found.Where(f => !Knows(draft.State, f)).GroupBy(f => f.Instance).OrderBy(g => g.Key))
        {
            var newest = group.MaxBy(f => f.Incarnation)!;
            if (draft.State.Instances.GetValueOrDefault(group.Key) is { } known
                && (!HasProcesses(known) || known.Incarnation < newest.Incarnation))
            {
                // The journal is behind: what it says of this instance is of the past.
                draft.Drop(group.Key);
            }

            var counts = draft.State.Instances.ContainsKey(group.Key) ? null : newest;
            if (counts is not null)
            {
                strays.Add(counts);
            }

            foreach (var other in group.Where(f => f != counts))
            {
                draft.Do(new AgentEffect.KillTree(other.Instance, other.Incarnation, other.Process));
            }
        }

        draft.Change(draft.State with { Strays = strays.ToImmutable() });
    }

    /// <summary>To be called with each assignment, before its instances are begun.</summary>
    public static void TakeIn(AgentDraft draft, Assignment assignment)
    {
        foreach (var stray in draft.State.Strays)
        {
            var word = assignment.Instances.FirstOrDefault(i => i.Instance == stray.Instance);
            draft.TakeIn(stray.Instance, m => word is null
                ? End(
                    Taken(stray, Nobodys(stray), knownReady: false, m) with { Leaving = true },
                    "stopped because it is not assigned to this host", m)
                : Take(stray, word, assignment.Ready.Contains(new ReadyIncarnation(stray.Instance, stray.Incarnation)), m));
        }

        draft.Change(draft.State with { Strays = [] });
    }

    /// <summary>How strays that wait for an assignment are told; empty when there are none.</summary>
    public static string Words(ImmutableArray<Stray> strays) => strays.IsEmpty ? ""
        : $"; {string.Join(", ", strays.Select(s => s.Instance).Order().Take(NamesMax))}"
            + $"{(strays.Length > NamesMax ? $" and {strays.Length - NamesMax} more" : "")} ran on without being in it";

    private const int NamesMax = 16;

    private static bool Knows(AgentState state, Stray found) =>
        state.Instances.GetValueOrDefault(found.Instance) is { } known
        && known.Incarnation == found.Incarnation && HasProcesses(known);

    private static bool HasProcesses(InstanceState s) =>
        s.Phase is InstancePhase.Starting or InstancePhase.Running or InstancePhase.Stopping or InstancePhase.Unknown;

    private static InstanceTurn Take(Stray stray, AssignedInstance word, bool knownReady, Moment m)
    {
        var taken = Taken(stray, word, knownReady, m);
        return stray.Process is null ? Kill(taken, m)
            : Understanding.HoldOf(word, m.Host) is { } hold ? Find(taken with { NotUnderstood = hold })
            : word.Wanted != WantedPhase.Running ? End(taken, "stopped on request", m)
            : stray.Spec != word.SpecDigest
                ? End(taken, "stopped because the agent found it without a record, and it does not run what is assigned", m)
            : Find(taken).Tell(
                EventKind.InstanceAdopted,
                $"found without a record of it: pid {stray.Process.Pid} runs what is assigned and is kept"
                    + (stray.OutputIsLost ? $"; its output goes to a deleted file until zurg restart {stray.Instance}" : ""));
    }

    /// <param name="knownReady">The master heard that this incarnation was ready.</param>
    private static InstanceState Taken(Stray stray, AssignedInstance word, bool knownReady, Moment m)
    {
        // A probe is asked again, at once. READY=1 is said only once: the master may know that it was, and one that is older than
        // its start may take has most likely said it. What is younger is waited for, and not ended if it says nothing.
        var wasReady = word.Spec.Probe is { Kind: ProbeKind.Notify } notify
            && (knownReady || stray.Age >= notify.StartTimeout);
        return new InstanceState
        {
            Assigned = word,
            Incarnation = stray.Incarnation,
            Phase = wasReady ? InstancePhase.Running : InstancePhase.Starting,
            Since = m.Now,
            Healthy = wasReady,
            Launch = stray.Launch,
            Process = stray.Process,
            StartedAt = m.Now - stray.Age,
            Outlived = !wasReady,
            StartReason = "an earlier agent started it, and its record of why is lost",
        };
    }

    private static InstanceTurn Find(InstanceState s) =>
        s.Unchanged.Do(new AgentEffect.Find(s.Assigned, s.Incarnation, s.Process, s.Launch!));

    private static InstanceTurn End(InstanceState s, string reason, Moment m) => s.Process is null
        ? Kill(s, m)
        : Find(s.Enter(InstancePhase.Stopping, m) with
        {
            Stop = new StopOrder(reason, Asked: true),
            Stage = StopStage.Command,
            Deadline = m.Now + s.Assigned.Stop.Grace,
        });

    private static InstanceTurn Kill(InstanceState s, Moment m) =>
        InstanceEnd.Kill(
            s.Enter(InstancePhase.Stopping, m) with
            {
                StartedAt = null,
                Stop = new StopOrder("its main process was gone when the agent found the rest", Asked: true),
            }, m);

    /// <summary>A word for what nobody assigned: it only ever stops.</summary>
    private static AssignedInstance Nobodys(Stray stray) => new()
    {
        Instance = stray.Instance,
        Wanted = WantedPhase.Stopped,
        Spec = new InstanceSpec
        {
            Release = new ReleaseId(new ReleaseName(stray.Instance.Service.Value), new ReleaseVersion(UnknownVersion)),
            Run = stray.Launch.Executable,
        },
        SpecDigest = stray.Spec ?? Digest.Of([]),
        Restarts = 0,
        Manifest = Digest.Of([]),
        Restart = new RestartPolicy(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), 10),
        Stop = new StopPolicy("TERM", TimeSpan.FromSeconds(30)),
    };

    private const string UnknownVersion = "unknown";
}
