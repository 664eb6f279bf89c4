using System.Collections.Immutable;
using Zurg.Agent.Artifacts;
using Zurg.Agent.Logs;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <param name="HasRun">It ended, and not with 0; else it could not be run.</param>
/// <param name="Text">To stand behind the command's name.</param>
internal sealed record SideProblem(bool HasRun, string Text);

/// <summary>
/// A command of the spec that runs beside an instance: with its environment, directory and user, into its log, and ended with
/// everything that it started.
/// </summary>
internal sealed class SideCommand(AgentSite site, Preparation preparation, TimeProvider time)
{
    private static readonly TimeSpan KillWithin = TimeSpan.FromSeconds(5);

    /// <param name="kind">
    /// A word for its processes' tokens: one of a kind at a time, and one that an earlier agent left is ended.
    /// </param>
    /// <param name="settings">Those of the cluster, for its variables.</param>
    /// <returns>Null when it ended with 0.</returns>
    public async Task<SideProblem?> RunAsync(
        string kind, ImmutableArray<string> command, AssignedInstance assigned, Launch launch, IncarnationWork work,
        ImmutableSortedDictionary<string, string> settings, CancellationToken stop)
    {
        // One of its own: when it hangs, it is killed without touching the instance.
        var token = $"{work.Token}/{kind}";
        await KillAsync(null, token);
        try
        {
            return Start(command, work.Runs?.Assigned ?? assigned, launch, work, token, settings) switch
            {
                SpawnOutcome.Started started => await WaitAsync(started.Process, token, stop),
                SpawnOutcome.Held held => new SideProblem(HasRun: false, $"could not be run: {held.Hold.Text}"),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SideProblem(HasRun: false, $"could not be run: {e.Message}");
        }
    }

    /// <summary>By what runs, which is no longer what is assigned when it is stopped for something newer.</summary>
    private SpawnOutcome Start(
        ImmutableArray<string> command, AssignedInstance running, Launch launch, IncarnationWork work, string token,
        ImmutableSortedDictionary<string, string> settings)
    {
        var release = site.Paths.Release(
            new ReleasePaths(site.Paths.Directory).ReleaseOf(launch.Executable) ?? running.Spec.Release);
        var values = LaunchBuilder.Values(running, preparation.VariablesOf(running, work, launch.Ports, release))
            .SetItems(settings.Select(s => KeyValuePair.Create(Variables.SettingPrefix + s.Key, s.Value)));
        var words = InstanceCommand.Of(command, values, release, launch);
        var output = LogFile.Open(site.Paths.Log(work.Instance));
        try
        {
            return Spawner.Spawn(new SpawnRequest
            {
                Executable = words[0],
                Args = words[1..],
                Env = launch.Env.SetItem(ProcessTree.TokenVariable, token).RemoveRange(LaunchBuilder.NotifyEnv),
                WorkingDirectory = launch.WorkingDirectory,
                Output = output,
                User = running.Spec.User,
                Group = running.Spec.Group,
                Groups = running.Spec.Groups,
                Umask = running.Spec.Umask,
            });
        }
        finally
        {
            LogFile.Close(output);
        }
    }

    private async Task<SideProblem?> WaitAsync(ProcessIdentity process, string token, CancellationToken stop)
    {
        var exited = ExitWatcher.Shared.WatchAsync(process);
        try
        {
            var exit = await exited.WaitAsync(stop);
            var how = exit.Code is { } code ? $"exit code {code}"
                : exit.Signal is { } signal ? UnixSignal.NameOf(signal) : "an unknown exit code";
            return exit.Code == 0 ? null : new SideProblem(HasRun: true, $"ended with {how}");
        }
        finally
        {
            await KillAsync(process, token);
        }
    }

    private async Task KillAsync(ProcessIdentity? process, string token)
    {
        using var limit = new CancellationTokenSource(KillWithin, time);
        await ProcessTree.KillAsync(process, token, process is not null, time, limit.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
