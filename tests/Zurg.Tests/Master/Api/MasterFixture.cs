namespace Zurg.Tests.Master.Api;

/// <summary>One master for the tests of a class.</summary>
public sealed class MasterFixture : IAsyncLifetime
{
    private TestMaster? _master;

    internal TestMaster Master => _master!;

    public async Task InitializeAsync() => _master = await TestMaster.StartAsync();

    public async Task DisposeAsync() => await Master.DisposeAsync();
}
