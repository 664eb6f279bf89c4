namespace Zurg.Bench;

/// <summary>Who tells many watchers of one service's endpoints.</summary>
internal interface INamingServer : IAsyncDisposable
{
    /// <summary>Of the server alone.</summary>
    int Pid { get; }

    /// <summary>What the process of watchers is started with: the protocol, the port, and where they look.</summary>
    string[] Watched { get; }

    /// <summary>Begins a change: the service's one endpoint is at this port now. Each call gives another one.</summary>
    Task ChangeAsync(int port, CancellationToken stop);
}
