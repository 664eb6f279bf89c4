using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>Says now and then which sets this host has, so that a push that was lost cannot last.</summary>
/// <param name="say">Takes the whole word; must not wait.</param>
internal sealed class KnownSetsLoop(Func<KnownSets> known, Action<KnownSets> say, TimeProvider time)
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(Every, time, stop);
            say(known());
        }
    }
}
