using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Zurg.Sdk;
using Zurg.Sdk.AspNetCore;
using Zurg.Tests.Support;

namespace Zurg.Tests.Sdk.AspNetCore;

/// <summary>The talk with the agent: what is said, how often, and what an agent that is away, older or slow changes.</summary>
public sealed class SelfFollowerTests : IAsyncLifetime
{
    private SelfSocket _agent = null!;
    private DrainingApp _app = null!;

    public async Task InitializeAsync()
    {
        _agent = await SelfSocket.StartAsync();
        _app = await DrainingApp.StartAsync(_agent.Path);
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task Running_it_says_once_that_it_counts_and_then_nothing()
    {
        await _agent.HeardAsync(0, "running");
        using var http = new HttpClient();
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("ok", await http.GetStringAsync(_app.Url));
        }

        _agent.Want("draining");
        await _agent.HeardAsync(0, "draining");
        Assert.Single(_agent.Words, w => w.State == "running");
    }

    [Fact]
    public async Task Many_changes_are_few_words_and_one_at_a_time()
    {
        await _agent.HeardAsync(0, "running");
        _agent.BeforeSaid = () => Task.Delay(20);
        _agent.Want("draining");
        using var http = new HttpClient();
        var held = http.GetStringAsync(new Uri(_app.Url, "held"));
        await Eventually.TrueAsync(() => _app.Traffic.UnderWay == 1, "held");
        var asked = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 100; i++)
            {
                await http.GetStringAsync(_app.Url);
                Interlocked.Increment(ref asked);
            }
        }));
        _app.Held.SetResult();
        await held;
        await _agent.HeardAsync(0, "draining");
        Assert.Equal(400, asked);
        Assert.Equal(1, _agent.SayingMost);
        Assert.True(_agent.Words.Length < 200, $"{_agent.Words.Length} words");
    }

    [Fact]
    public async Task The_next_agent_hears_it_again_and_an_agent_that_is_away_changes_nothing()
    {
        await _agent.HeardAsync(0, "running");
        _agent.Want("draining");
        await _agent.HeardAsync(0, "draining");
        await _agent.HangUpAsync();
        using var client = await KeptClient.ConnectAsync(_app.Port);
        Assert.Contains("zurg-draining: web.0", await client.AskAsync(), StringComparison.Ordinal);

        var before = _agent.Words.Length;
        await _agent.ListenAsync();
        await Eventually.TrueAsync(() => _agent.Words.Length > before, "said again");
        await _agent.HeardAsync(0, "draining");
    }

    [Fact]
    public async Task A_word_that_the_agent_could_not_take_is_said_again()
    {
        await _agent.HeardAsync(0, "running");
        _agent.SayStatus = 500;
        _agent.Want("draining");
        await Eventually.TrueAsync(() => _agent.Words.Count(w => w == (0, "draining")) == 2, "twice");
        _agent.SayStatus = 204;
        var before = _agent.Words.Length;
        await Eventually.TrueAsync(() => _agent.Words.Length == before + 1, "a last time");
    }

    [Fact]
    public async Task A_state_of_a_newer_agent_counts_as_draining()
    {
        await _agent.HeardAsync(0, "running");
        _agent.Want("evaporating");
        await _agent.HeardAsync(0, "draining");
    }

    [Fact]
    public async Task What_the_application_does_wrong_when_it_drains_is_its_own_problem()
    {
        _app.Lifetime.Draining.Register(() => throw new InvalidOperationException("as it was told"));
        _agent.Want("draining");
        await _agent.HeardAsync(0, "draining");
        _agent.Want("refusing");
        await _agent.HeardAsync(0, "refusing");
    }

    [Fact]
    public async Task A_new_epoch_is_handed_back_though_the_state_stays_and_a_repeated_one_is_not()
    {
        await _agent.HeardAsync(0, "running");
        Assert.Equal<long?>([0], _agent.Epochs);
        _agent.Want("running", 6);
        await Eventually.TrueAsync(() => _agent.Epochs is [0, 6], "6");
        _agent.Want("running", 6);
        _agent.Want("refusing", 7);
        await Eventually.TrueAsync(() => _agent.Epochs is [0, 6, 7], "7");
        _agent.Want("refusing", 9);
        await Eventually.TrueAsync(() => _agent.Epochs is [0, 6, 7, 9], "9");
        Assert.Equal((0, "refusing"), _agent.Words[^1]);
    }

    [Fact]
    public async Task One_that_refuses_hears_of_its_end_and_goes_on_refusing()
    {
        _agent.Want("refusing", 5);
        await _agent.HeardAsync(0, "refusing");
        Assert.False(_app.Lifetime.Draining.IsCancellationRequested);
        _agent.Want("refusing", 5, ends: true);
        await Eventually.TrueAsync(() => _app.Lifetime.Draining.IsCancellationRequested, "told of its end");
        Assert.Equal(SelfState.Refusing, _app.Traffic.State);
        Assert.False(_app.Traffic.TryBegin());
    }

    [Fact]
    public async Task An_agent_that_does_not_know_the_question_is_asked_again_in_case_it_is_replaced()
    {
        await using var old = await SelfSocket.StartAsync();
        old.AskStatus = (int)HttpStatusCode.NotFound;
        var time = new ManualTime();
        var traffic = new Traffic(time);
        await using var client = new ZurgClient(old.Path, time);
        using var lifetime = new ZurgLifetime();
        using var follower = new SelfFollower(client, traffic, new KeptConnections(time), lifetime,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<SelfFollower>.Instance);
        await follower.StartAsync(default);
        await Eventually.TrueAsync(() => old.Asked == 1 && time.Armed == 1, "asked");
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(1, old.Asked);

        old.AskStatus = 200;
        time.Advance(TimeSpan.FromSeconds(1));
        await old.HeardAsync(0, "running");
        Assert.Equal(SelfState.Running, traffic.State);
        await follower.StopAsync(default);
    }

    [Fact]
    public async Task It_ends_with_the_application_in_the_middle_of_a_drain()
    {
        var held = new HttpClient().GetAsync(new Uri(_app.Url, "held"));
        await Eventually.TrueAsync(() => _app.Traffic.UnderWay == 1, "held");
        _agent.Want("draining");
        await _agent.HeardAsync(1, "draining");
        var stopping = _app.App.StopAsync();
        _app.Held.SetResult();
        await stopping.WaitAsync(Eventually.Deadline);
        (await held).EnsureSuccessStatusCode().Dispose();
        Assert.NotNull(_app.App.Services.GetService<ZurgLifetime>());
    }
}
