using System.Globalization;
using System.Net;
using System.Text;
using Zurg.Master;

namespace Zurg.Tests.Master.Api;

public sealed class AccessTests(MasterFixture fixture) : IClassFixture<MasterFixture>
{
    private TestMaster Master => fixture.Master;

    [Fact]
    public async Task Without_the_token_nothing_but_healthz_answers()
    {
        using var http = new HttpClient { BaseAddress = Master.Host.Url };

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz")).StatusCode);
        string[] paths = ["/v1/status", "/v1/spec", "/v1/agents/session", "/openapi/v1.json", "/nothing", "/healthz/x"];
        foreach (var path in paths)
        {
            await TestMaster.ProblemAsync(await http.GetAsync(path), 401);
        }
    }

    [Theory]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer ")]
    [InlineData("Basic abc")]
    public async Task A_wrong_token_is_refused(string authorization)
    {
        using var http = new HttpClient { BaseAddress = Master.Host.Url };
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);

        var answer = await http.GetAsync("/v1/status");

        await TestMaster.ProblemAsync(answer, 401);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData("evil.example:{0}", 403)]
    [InlineData("127.0.0.1:1", 403)]
    [InlineData("127.0.0.1", 403)]
    [InlineData("10.0.0.1:{0}", 403)]
    [InlineData("localhost:{0}", 200)]
    [InlineData("127.0.0.1:{0}", 200)]
    [InlineData("[::1]:{0}", 200)]
    public async Task A_foreign_host_is_refused_even_with_the_token(string host, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status");
        request.Headers.Host = string.Format(CultureInfo.InvariantCulture, host, Master.Host.Url.Port);
        Assert.Equal(status, (int)(await Master.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_foreign_origin_is_refused_and_the_same_one_is_not()
    {
        Assert.Equal(403, await WithOriginAsync("http://evil.example"));
        Assert.Equal(403, await WithOriginAsync("null"));
        Assert.Equal(403, await WithOriginAsync($"http://127.0.0.1:{Master.Host.Url.Port + 1}"));
        Assert.Equal(200, await WithOriginAsync($"http://127.0.0.1:{Master.Host.Url.Port}"));

        async Task<int> WithOriginAsync(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status");
            request.Headers.TryAddWithoutValidation("Origin", origin);
            return (int)(await Master.Http.SendAsync(request)).StatusCode;
        }
    }

    [Fact]
    public async Task What_does_not_exist_is_a_problem_too()
    {
        await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/nothing"), 404);
        await TestMaster.ProblemAsync(await Master.Http.DeleteAsync("/v1/spec"), 405);
        var bad = await TestMaster.ProblemAsync(await Master.Http.GetAsync("/v1/services/Not_A_Name"), 400);
        Assert.Contains("is no service name", bad.Detail, StringComparison.Ordinal);
        var json = await TestMaster.ProblemAsync(
            await Master.Http.PostAsync("/v1/specs/revert", new StringContent("{", Encoding.UTF8, "application/json")), 400);
        Assert.Contains("JSON", json.Detail, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(
            await Master.Http.PostAsync("/v1/specs/revert", new StringContent("{}", Encoding.UTF8, "text/plain")), 415);
    }

    [Fact]
    public async Task The_server_says_nothing_of_itself() =>
        Assert.False((await Master.Http.GetAsync("/healthz")).Headers.Contains("Server"));

    [Fact]
    public async Task A_master_listens_on_loopback_only()
    {
        var options = new MasterOptions { Directory = Path.GetTempPath(), Listen = new IPEndPoint(IPAddress.Any, 0) };
        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => MasterHost.StartAsync(options, CancellationToken.None));
        Assert.Contains("TLS", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_is_its_owners_alone_or_no_master_starts()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Master.Host.TokenFile));

        using var directory = new TestDirectory();
        await File.WriteAllTextAsync(directory.In("token"), "abc");
        File.SetUnixFileMode(directory.In("token"), (UnixFileMode)0b110_100_100);
        var options = new MasterOptions { Directory = directory.Path };
        await Assert.ThrowsAsync<Zurg.Loops.StoreFaultException>(() => MasterHost.StartAsync(options, CancellationToken.None));
    }
}
