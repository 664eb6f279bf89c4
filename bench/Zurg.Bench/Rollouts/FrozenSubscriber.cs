using System.Diagnostics;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>The subscriber as a process of its own, which can be frozen.</summary>
internal sealed class FrozenSubscriber : IAsyncDisposable
{
    private static readonly TimeSpan EndTime = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    private FrozenSubscriber(Process process) => _process = process;

    public static async Task<FrozenSubscriber> StartAsync(string socketPath, CancellationToken stop)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [RolloutSubscriber.Verb, socketPath, RolloutCluster.Service])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        var subscriber = new FrozenSubscriber(Process.Start(start) ?? throw new PeerException("the subscriber did not start"));
        return await subscriber._process.StandardOutput.ReadLineAsync(stop) == "follows"
            ? subscriber : throw new PeerException("the subscriber does not follow the service");
    }

    public Task FreezeAsync(CancellationToken stop) => SignalAsync("-STOP", stop);

    public Task ContinueAsync(CancellationToken stop) => SignalAsync("-CONT", stop);

    /// <summary>Its own account; it is over then.</summary>
    /// <returns>First: the first failure in words, or nothing.</returns>
    public async Task<(long Requests, long Failed, string First)> EndAsync(CancellationToken stop)
    {
        _process.StandardInput.Close();
        var account = await _process.StandardOutput.ReadLineAsync(stop) ?? throw new PeerException("the subscriber died");
        var parts = account.Split(' ', 3);
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await ContinueAsync(CancellationToken.None);
            _process.StandardInput.Close();
            using var limit = new CancellationTokenSource(EndTime);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string signal, CancellationToken stop)
    {
        using var kill = Process.Start("/bin/kill", [signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(stop);
    }
}
