using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Master;
using Zurg.Protocol;

namespace Zurg.Tests.Master;

/// <summary>A real master on a port of the kernel's choice, and a client with its token.</summary>
internal sealed class TestMaster : IAsyncDisposable
{
    private readonly TestDirectory _directory;

    private TestMaster(TestDirectory directory, MasterHost host)
    {
        (_directory, Host) = (directory, host);
        Token = File.ReadAllText(host.TokenFile).Trim();
        Http = new HttpClient { BaseAddress = host.Url, Timeout = Deadline };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(60);

    public MasterHost Host { get; }

    public HttpClient Http { get; }

    public string Token { get; }

    public string Directory => _directory.Path;

    /// <summary>Takes the directory over, when one is given.</summary>
    public static async Task<TestMaster> StartAsync(TestDirectory? directory = null)
    {
        directory ??= new TestDirectory();
        return new TestMaster(
            directory, await MasterHost.StartAsync(new MasterOptions { Directory = directory.Path }, CancellationToken.None));
    }

    /// <summary>Another master on what a kill -9 of this one would leave behind now.</summary>
    public Task<TestMaster> ReviveAsync() => StartAsync(_directory.Copy());

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => await ReadAsync(await Http.GetAsync(path), type);

    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}: {text}");
        return JsonSerializer.Deserialize(text, type)!;
    }

    /// <summary>The refusal, which must be problem+json whatever went wrong.</summary>
    public static async Task<ApiProblem> ProblemAsync(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode}: {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize(text, WireJson.Default.ApiProblem)!;
        Assert.Equal(status, problem.Status);
        Assert.False(string.IsNullOrEmpty(problem.Detail));
        return problem;
    }

    public Task<HttpResponseMessage> PutAsync<T>(string path, T body, JsonTypeInfo<T> type) =>
        Http.PutAsync(path, new StringContent(JsonSerializer.Serialize(body, type), Encoding.UTF8, "application/json"));

    /// <summary>Pushes a release of one file and returns its record.</summary>
    public async Task<ReleaseRecord> PushAsync(string release, string content = "#!/bin/sh\nsleep 60\n")
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var digest = Digest.Of(bytes);
        (await Http.PutAsync($"/v1/artifacts/{digest}", new ByteArrayContent(bytes))).EnsureSuccessStatusCode();
        var id = ReleaseId.Parse(release);
        var file = new ReleaseFile("run", 0b111_101_101, bytes.Length, digest);
        var manifest = new ReleaseManifest { Release = id, Files = [file] };
        var answer = await PutAsync(
            $"/v1/releases/{id.Name}/{id.Version}", new ReleasePush(manifest), WireJson.Default.ReleasePush);
        return (await ReadAsync(answer, WireJson.Default.ReleasePushAnswer)).Release!;
    }

    public Task<HttpResponseMessage> ApplyAsync(string text, string? ifMatch = "*", string query = "") =>
        ApplyAsync(new StringContent(text, Encoding.UTF8, "application/yaml"), ifMatch, query);

    public async Task<HttpResponseMessage> ApplyAsync(HttpContent body, string? ifMatch, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/spec" + query) { Content = body };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await Http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        _directory.Dispose();
    }
}
