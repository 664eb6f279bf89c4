using Zurg.Agent.Templates;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>Keeps the generated files of running instances, and tells what became of them.</summary>
internal sealed class TemplateHands(
    AgentSite site, TemplateSource source, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider time)
{
    /// <summary>
    /// A look at one file takes three microseconds of a core as measured (docs/benchmarks.md), and no descriptor. inotify would
    /// want a watch for every directory and tells nothing of what happened while no agent ran.
    /// </summary>
    public static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(2);

    /// <summary>From now on until the incarnation's work ends.</summary>
    /// <param name="before">What an earlier agent had of it; null when it starts only now.</param>
    public void Watch(AssignedInstance assigned, IncarnationWork work, Launch launch, InstanceState? before, TaskSet tasks)
    {
        if (assigned.Spec.Templates.IsEmpty || work.Templates is not null)
        {
            return;
        }

        var owed = before?.Reloads.Where(r => r.Owed).Select(r => r.Signal) ?? [];
        var watch = source.Watch(assigned, site.Paths.Release(assigned.Spec.Release), [.. owed]);
        work.Templates = watch;
        tasks.Begin(async stop =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(work.Ending, stop);
            var ears = new TemplateEars(
                template => tell(new AgentInput.TemplateChanged(work.Instance, work.Incarnation, template), stop),
                restored => TellAsync(work, restored, stop),
                hold => tell(new AgentInput.TemplateHeld(work.Instance, work.Incarnation, hold), stop),
                data => Use(data, work, isRestartDue: before is { Outdated: not null } or { TemplateRestartAt: not null }),
                () => work.Runs is not null);
            try
            {
                await watch.RunAsync(
                    assigned.DependsOn, () => source.DataOf(assigned, work.Incarnation, launch.Ports), ears, either.Token);
            }
            finally
            {
                // It may have joined once more after the end of its incarnation had said that it leaves.
                if (work.IsOver)
                {
                    source.Leave(work.Instance, work.Incarnation);
                }
            }
        });
    }

    /// <summary>The incarnation has ended, or was never to be: nobody goes by its files.</summary>
    public void Leave(InstanceId instance, Incarnation incarnation) => source.Leave(instance, incarnation);

    /// <param name="isRestartDue">A changed template asked an earlier agent for a restart, which is still to come.</param>
    private void Use(TemplateData data, IncarnationWork work, bool isRestartDue)
    {
        if (!isRestartDue && !work.Ending.IsCancellationRequested)
        {
            source.Use(data, work.Incarnation);
        }
    }

    /// <summary>Of a file that was put back before a start: nobody has read what was in it.</summary>
    public ValueTask TellOfStartAsync(IncarnationWork work, RestoredFile restored, CancellationToken stop) =>
        tell(
            new AgentInput.Happened(EventKind.ConfigRestored, work.Instance, $"{work.Instance} on {site.Host}: {restored.What}"),
            stop);

    /// <summary>Looks every two seconds whether a generated file is as it was left.</summary>
    public async Task SweepAsync(Func<IEnumerable<IncarnationWork>> works, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(SweepEvery, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            foreach (var work in works())
            {
                work.Templates?.Sweep();
            }
        }
    }

    /// <summary>
    /// A process that reads its file whenever it is told may have been told while the edit was in it: it is told again. One that
    /// reads its file at its start did not see the edit: each start renders first.
    /// </summary>
    private async ValueTask TellAsync(IncarnationWork work, RestoredFile restored, CancellationToken stop)
    {
        await TellOfStartAsync(work, restored, stop);
        if (restored.Template.Then == TemplateThen.Reload)
        {
            await tell(new AgentInput.TemplateChanged(work.Instance, work.Incarnation, restored.Template), stop);
        }
    }
}
