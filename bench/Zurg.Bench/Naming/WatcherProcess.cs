using System.Diagnostics;
using System.Globalization;

namespace Zurg.Bench;

/// <summary>The process of all watchers, from outside. It says when the last of them has what it was told to expect.</summary>
internal sealed class WatcherProcess : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ChangeTime = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    private WatcherProcess(Process process) => _process = process;

    public int Pid => _process.Id;

    public static async Task<WatcherProcess> StartAsync(string[] watched, int count, CancellationToken stop)
    {
        var start = OpenFiles.Raised(
            Environment.ProcessPath!, [WatcherProgram.Verb, .. watched, count.ToString(CultureInfo.InvariantCulture)]);
        (start.RedirectStandardInput, start.RedirectStandardOutput) = (true, true);
        // One thread that reads what epoll says is there, and nothing between.
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"] = "1";
        var watchers = new WatcherProcess(Process.Start(start) ?? throw new PeerException("the watchers did not start"));
        try
        {
            await watchers.HearAsync("ready", ConnectTime, stop);
            return watchers;
        }
        catch
        {
            await watchers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Watchers that see this port from now on have seen the change.</summary>
    public async Task ExpectAsync(int port, CancellationToken stop)
    {
        await _process.StandardInput.WriteLineAsync(port.ToString(CultureInfo.InvariantCulture).AsMemory(), stop);
        await _process.StandardInput.FlushAsync(stop);
        await HearAsync("expecting", ChangeTime, stop);
    }

    /// <summary>When the last one saw it, by the clock of <see cref="Stopwatch"/>, which is one for all processes.</summary>
    public async Task<long> LastSeenAsync(CancellationToken stop) =>
        long.Parse(await HearAsync("seen", ChangeTime, stop), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task<string> HearAsync(string word, TimeSpan within, CancellationToken stop)
    {
        try
        {
            var line = await _process.StandardOutput.ReadLineAsync(stop).AsTask().WaitAsync(within, stop);
            return line?.Split(' ', 2) is [var first, .. var rest] && first == word
                ? rest.Length > 0 ? rest[0] : ""
                : throw new PeerException($"the watchers should have said {word}: {line ?? "they ended"}");
        }
        catch (TimeoutException)
        {
            throw new PeerException($"the watchers did not say {word} within {within.TotalSeconds:0} s");
        }
    }
}
