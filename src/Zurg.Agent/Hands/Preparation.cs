using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using Zurg.Agent.Artifacts;
using Zurg.Agent.Ports;
using Zurg.Agent.Processes;
using Zurg.Agent.Templates;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>What came of a preparation.</summary>
internal abstract record PreparationOutcome
{
    private PreparationOutcome()
    {
    }

    /// <param name="Restored">Generated files that had been changed by hand since the last start.</param>
    public sealed record Ready(Launch Launch, ImmutableArray<RestoredFile> Restored) : PreparationOutcome;

    public sealed record Held(Hold Hold) : PreparationOutcome;

    /// <summary>Its ports were given back meanwhile: nobody waits for it.</summary>
    public sealed record Ended : PreparationOutcome;
}

/// <summary>From what is assigned to what can be started: release, directory, ports, files, command line.</summary>
internal sealed class Preparation(AgentSite site, IReleaseStore releases, PortPool ports, TemplateSource templates)
{
    private readonly ConcurrentDictionary<InstanceId, (Digest Spec, Digest Manifest, SigningTerms? Signing)> _done = new();

    /// <summary>
    /// For what was prepared before and needs nothing new: within the call, and the disk is only looked at.
    /// </summary>
    /// <returns>Null when it takes more than that, or something is wrong: the whole preparation is asked for then.</returns>
    public Launch? TryAgain(AssignedInstance assigned, IncarnationWork work)
    {
        if (!assigned.Spec.Templates.IsEmpty
            || !_done.TryGetValue(assigned.Instance, out var done)
            || done != (assigned.SpecDigest, assigned.Manifest, assigned.Signing)
            || !Accounts.IsKnown(RunAs.Of(assigned.Spec))
            || !Directory.Exists(site.Paths.Instance(assigned.Instance)))
        {
            return null;
        }

        // What has to be fetched or hashed goes on by itself, and the preparation that follows waits for it.
        var ready = releases.EnsureAsync(DemandOf(assigned), CancellationToken.None);
        PortOutcome? picked = null;
        return ready is { IsCompletedSuccessfully: true, Result: ReleaseOutcome.Ready tree }
            && work.TryUnlessEnded(() => picked = ports.Pick(work.Instance, work.Incarnation, assigned.Spec.Ports))
            && picked is PortOutcome.Picked given
            && Finish(assigned, work, given.Ports, tree.Directory) is PreparationOutcome.Ready finished
            ? finished.Launch
            : null;
    }

    /// <summary>The instance has left.</summary>
    public void Forget(InstanceId instance) => _done.TryRemove(instance, out _);

    public async Task<PreparationOutcome> PrepareAsync(AssignedInstance assigned, IncarnationWork work, CancellationToken stop)
    {
        if (SigningProblemOf(assigned) is { } unsigned)
        {
            return new PreparationOutcome.Held(unsigned);
        }

        var directory = "";
        switch (await releases.EnsureAsync(DemandOf(assigned), stop))
        {
            case ReleaseOutcome.Ready ready:
                directory = ready.Directory;
                break;
            case ReleaseOutcome.Held held:
                return new PreparationOutcome.Held(held.Hold);
        }

        await templates.HearAsync(assigned, stop);
        PortOutcome? picked = null;
        if (!work.TryUnlessEnded(() => picked = ports.Pick(work.Instance, work.Incarnation, assigned.Spec.Ports)))
        {
            return new PreparationOutcome.Ended();
        }

        switch (picked)
        {
            case PortOutcome.Picked given when Finish(assigned, work, given.Ports, directory) is { } outcome:
                if (outcome is PreparationOutcome.Ready)
                {
                    _done[work.Instance] = (assigned.SpecDigest, assigned.Manifest, assigned.Signing);
                }
                else if (outcome is PreparationOutcome.Held)
                {
                    ports.Release(work.Instance, work.Incarnation);
                }

                return outcome;
            case PortOutcome.Held held:
                return new PreparationOutcome.Held(held.Hold);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public static Hold? SigningProblemOf(AssignedInstance assigned) =>
        assigned.Signing is { } signing
        && ReleaseSigning.Problem(assigned.Spec.Release, assigned.Manifest, signing.Keys, signing.Signatures) is { } problem
            ? new Hold(HoldReason.ReleaseUnsigned, problem.Text, problem.Mend)
            : null;

    private static ReleaseDemand DemandOf(AssignedInstance assigned) =>
        new(assigned.Spec.Release, assigned.Manifest, assigned.Instance);

    /// <summary>The variables of one start; the same after an agent's restart.</summary>
    public LaunchVariables VariablesOf(
        AssignedInstance assigned, IncarnationWork work, ImmutableSortedDictionary<PortName, int> given, string releaseDirectory)
    {
        var who = Accounts.Find(RunAs.Of(assigned.Spec)).Credentials;
        return new LaunchVariables
        {
            Host = site.Host,
            Cell = site.Cell,
            Address = site.Address.ToString(),
            Ports = given,
            Directory = site.Paths.Instance(work.Instance),
            ReleaseDirectory = releaseDirectory,
            IncarnationToken = work.Token,
            Socket = site.Socket,
            NotifySocket = LaunchBuilder.Notifies(assigned.Spec)
                ? '@' + site.Paths.NotifyName(work.Instance, work.Incarnation)
                : null,
            Inherited = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
                .Add("PATH", Path)
                .Add("HOME", who?.Home ?? "/")
                .Add("USER", who?.Name ?? assigned.Spec.User ?? Environment.UserName),
        };
    }

    /// <summary>The agent's own PATH may have been anything: what a login shell of root has.</summary>
    public const string Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private PreparationOutcome Finish(
        AssignedInstance assigned, IncarnationWork work, ImmutableSortedDictionary<PortName, int> given, string releaseDirectory)
    {
        ImmutableArray<RestoredFile> restored = [];
        try
        {
            MakeDirectory(site.Paths.Instance(work.Instance), Accounts.Find(RunAs.Of(assigned.Spec)).Credentials?.Account);
            switch (templates.Write(assigned, work.Incarnation, given, releaseDirectory))
            {
                case TemplatesOutcome.Held held:
                    return new PreparationOutcome.Held(held.Hold);
                case TemplatesOutcome.Written written:
                    restored = written.Restored;
                    break;
            }

            if (LaunchBuilder.Notifies(assigned.Spec))
            {
                work.Notify(site.Paths.NotifyName(work.Instance, work.Incarnation));
            }
        }
        catch (ObjectDisposedException)
        {
            return new PreparationOutcome.Ended();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            return new PreparationOutcome.Held(new Hold(HoldReason.SpawnFailed,
                $"{work.Instance} could not be given its place on {site.Host}: {e.Message}",
                "look at the agent's directory and its disk"));
        }

        return LaunchBuilder.Build(assigned, VariablesOf(assigned, work, given, releaseDirectory)) switch
        {
            LaunchOutcome.Built built => new PreparationOutcome.Ready(built.Launch, restored),
            LaunchOutcome.Refused refused => new PreparationOutcome.Held(new Hold(HoldReason.NotUnderstood, refused.Text)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>For its user and group alone; given to the user when it is not the agent's own.</summary>
    private static void MakeDirectory(string directory, UserAccount? owner)
    {
        const UnixFileMode userAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        if (new DirectoryInfo(directory).LinkTarget is { } target)
        {
            // Its files would be written, and given to its user, wherever the link leads.
            throw new IOException($"{directory} is a link to {target} and not a directory of the agent's own");
        }

        Directory.CreateDirectory(directory, userAndGroup);
        if (owner is not null)
        {
            _ = Libc.ChangeOwner(directory, owner.User, owner.Group);
        }
    }
}
