using System.Net;
using Zurg.Cli.Demo;

namespace Zurg.Tests.Cli.Demo;

public sealed class DemoLoadTests
{
    private const string Solved = "534678912672195348198342567859761423426853791713924856961537284287419635345286179";
    private static readonly string Puzzle = "5" + new string('.', 80);

    [Fact]
    public async Task Right_answers_are_counted() =>
        Assert.True(await CountAsync(HttpStatusCode.OK, Solved) is { Answered: > 0, Failed: 0, Slowest99: not null });

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError, Solved)]
    [InlineData(HttpStatusCode.OK, "534")]
    [InlineData(null, "")]
    public async Task Whatever_is_no_right_answer_has_failed(HttpStatusCode? status, string solution) =>
        Assert.True(await CountAsync(status, solution) is { Answered: 0, Failed: > 0, Slowest99: null });

    private static async Task<LoadCount> CountAsync(HttpStatusCode? status, string solution)
    {
        using var http = new HttpClient(new Answering(status, solution)) { BaseAddress = new Uri("http://127.0.0.1/") };
        using var stop = new CancellationTokenSource();
        var load = new DemoLoad(http, [Puzzle], TimeProvider.System) { During = "a test" };
        var running = load.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => load.Count is { Answered: > 0 } or { Failed: > 0 }, "somebody asked");
        await stop.CancelAsync();
        await running;
        Assert.All(load.Failures, f => Assert.StartsWith("during a test: ", f, StringComparison.Ordinal));
        Assert.Equal(load.Count.Failed == 0, load.Failures.IsEmpty);
        return load.Count;
    }

    /// <summary>Without a status, it does not answer at all.</summary>
    private sealed class Answering(HttpStatusCode? status, string solution) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken) => status is { } code
            ? Task.FromResult(new HttpResponseMessage(code) { Content = new StringContent($$"""{"solution":"{{solution}}"}""") })
            : throw new HttpRequestException("the connection broke");
    }
}
