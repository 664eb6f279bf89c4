using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Bench;

/// <summary>A single etcd with its defaults: the endpoint is one key, and each watcher watches it.</summary>
internal sealed class EtcdNaming : INamingServer
{
    private const string Key = "endpoints/s";

    private readonly EtcdServer _server;
    private readonly EtcdPuts _puts;

    private EtcdNaming(EtcdServer server) => (_server, _puts) = (server, new EtcdPuts(server.Address, connections: 1));

    public int Pid => _server.Pid;

    public string[] Watched => ["etcd", _server.Address.Port.ToString(CultureInfo.InvariantCulture), Key];

    public static async Task<EtcdNaming> StartAsync(string program, string directory, CancellationToken stop) =>
        new(await EtcdServer.StartAsync(program, directory, stop));

    /// <summary>The value is what a master of ours says of it, byte for byte the same record.</summary>
    public Task ChangeAsync(int port, CancellationToken stop) => _puts.PutAsync(
        writer: 0, Key, JsonSerializer.SerializeToUtf8Bytes(SetAt(port), WireJson.Default.EndpointSet), stop);

    public async ValueTask DisposeAsync()
    {
        _puts.Dispose();
        await _server.DisposeAsync();
    }

    private static EndpointSet SetAt(int port) => new()
    {
        Service = ChangingHost.Service,
        Revision = new Revision(port),
        Endpoints =
        [
            new Endpoint
            {
                Instance = new InstanceId(ChangingHost.Service, 1),
                Incarnation = new Incarnation(1),
                Host = ChangingHost.Host,
                Cell = new CellName("az1"),
                Address = "127.0.0.1",
                Ports = ImmutableSortedDictionary<PortName, int>.Empty.Add(new PortName("http"), port),
                Release = Id.Parse<ReleaseId>("bench@1"),
                State = EndpointState.Ready,
            },
        ],
    };
}
