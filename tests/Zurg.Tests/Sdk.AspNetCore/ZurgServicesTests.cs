using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zurg.Sdk;
using Zurg.Sdk.AspNetCore;

namespace Zurg.Tests.Sdk.AspNetCore;

public sealed class ZurgServicesTests
{
    [Fact]
    public async Task Where_no_agent_started_it_an_application_works_as_without()
    {
        Assert.Null(Environment.GetEnvironmentVariable(ZurgClient.SocketVariable));
        await using var app = await DrainingApp.StartAsync(null);
        using var http = new HttpClient();
        Assert.Equal("ok", await http.GetStringAsync(app.Url));
        Assert.Equal("ready\n", await http.GetStringAsync(new Uri(app.Url, "healthz")));
        Assert.False(app.Lifetime.Draining.IsCancellationRequested);
        Assert.Null(app.App.Services.GetService<Traffic>());
        var e = Assert.Throws<InvalidOperationException>(() => app.App.Services.GetService<ZurgClient>());
        Assert.Contains("ZURG_SOCKET is not set", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Added_twice_it_counts_once()
    {
        await using var agent = await SelfSocket.StartAsync();
        await using var app = await DrainingApp.StartAsync(agent.Path, configure: b => b.Services.AddZurg(agent.Path));
        using var http = new HttpClient();
        var held = http.GetStringAsync(new Uri(app.Url, "held"));
        await Eventually.TrueAsync(() => app.Traffic.UnderWay > 0, "held");
        Assert.Equal(1, app.Traffic.UnderWay);
        app.Held.SetResult();
        await held;
        await Eventually.TrueAsync(() => !agent.Words.IsEmpty, "said");
        Assert.Equal(1, agent.Asked);
    }

    [Theory]
    [InlineData("draining")]
    [InlineData("refusing")]
    public async Task Health_is_good_while_it_drains_or_refuses_and_is_no_request_under_way(string state)
    {
        await using var agent = await SelfSocket.StartAsync();
        agent.Want(state);
        await using var app = await DrainingApp.StartAsync(agent.Path);
        await agent.HeardAsync(0, state);
        using var http = new HttpClient();
        var words = agent.Words.Length;
        for (var i = 0; i < 5; i++)
        {
            using var answer = await http.GetAsync(new Uri(app.Url, "healthz"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("zurg-draining"));
            Assert.Equal(0, app.Traffic.Word().Count);
        }

        using var other = await http.GetAsync(app.Url);
        Assert.Equal(state == "refusing" ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, other.StatusCode);
        Assert.True(other.Headers.Contains("zurg-draining"));
    }

    [Fact]
    public async Task Health_is_what_the_registered_checks_say()
    {
        await using var agent = await SelfSocket.StartAsync();
        var well = true;
        await using var app = await DrainingApp.StartAsync(agent.Path, configure: b => b.Services.AddHealthChecks()
            .AddCheck("database", () => well ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy()));
        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(app.Url, "healthz")));
        well = false;
        using var answer = await http.GetAsync(new Uri(app.Url, "healthz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Theory]
    [InlineData("healthz")]
    [InlineData("/health/{name}")]
    public async Task A_health_path_that_would_not_be_recognised_is_refused(string path)
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Throws<ArgumentException>(() => app.MapZurgHealth(path));
    }
}
