using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Protocol;

namespace Zurg.Tests.Cli;

/// <summary>A master that says by method and path what a test tells it to, and notes what it was asked.</summary>
internal sealed class ScriptedMaster : HttpMessageHandler
{
    private readonly Dictionary<string, Queue<(HttpStatusCode Code, string Text)>> _answers = new(StringComparer.Ordinal);

    public List<string> Asked { get; } = [];

    /// <param name="ask">Such as GET /v1/spec. The last answer to it is given again and again.</param>
    public ScriptedMaster On<T>(string ask, T answer, JsonTypeInfo<T> type, HttpStatusCode code = HttpStatusCode.OK) =>
        On(ask, JsonSerializer.Serialize(answer, type), code);

    /// <summary>One stream of statuses, which then ends.</summary>
    public ScriptedMaster OnStatus(params ClusterStatus[] statuses) => On(
        "GET /v1/status",
        string.Concat(statuses.Select(s => JsonSerializer.Serialize(s, WireJson.Default.ClusterStatus) + "\n")),
        HttpStatusCode.OK);

    private ScriptedMaster On(string ask, string text, HttpStatusCode code)
    {
        _answers.TryAdd(ask, new Queue<(HttpStatusCode, string)>());
        _answers[ask].Enqueue((code, text));
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        var ask = $"{request.Method} {request.RequestUri!.AbsolutePath}";
        var body = request.Content is null ? "" : " " + await request.Content.ReadAsStringAsync(stop);
        var match = request.Headers.TryGetValues("If-Match", out var seen) ? $" {seen.Single()}" : "";
        Asked.Add($"{request.Method} {request.RequestUri.PathAndQuery}{match}{body}");
        if (!_answers.TryGetValue(ask, out var queue))
        {
            return new HttpResponseMessage(HttpStatusCode.NotImplemented);
        }

        var (code, text) = queue.Count > 1 ? queue.Dequeue() : queue.Peek();
        return new HttpResponseMessage(code) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
    }
}
