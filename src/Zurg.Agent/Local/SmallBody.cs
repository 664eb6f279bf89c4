using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Zurg.Agent.Local;

/// <summary>What a process of this host says in the body of a request: a few words of JSON.</summary>
internal static class SmallBody
{
    /// <summary>Bytes of a body that are looked at.</summary>
    public const int Max = 4096;

    // So much is read to its end: a server that closes while somebody still writes breaks the pipe that would carry the reason.
    private const int TakenMax = 16 * Max;

    /// <param name="shape">How it has to look, for whoever sent something else.</param>
    /// <returns>Null, and what is wrong with it.</returns>
    public static async Task<(T? Word, string Problem)> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type, string shape)
        where T : class
    {
        // This door takes no bodies; here one is meant.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = TakenMax;
        }

        try
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            if (body.Length > Max)
            {
                return (null, $"{body.Length} bytes are more than the {Max} that are read: it must be {shape}");
            }

            var word = JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type);
            return (word, word is null ? $"it must be {shape}, not null" : "");
        }
        catch (JsonException e)
        {
            return (null, $"it must be {shape}: {e.Message}");
        }
        catch (BadHttpRequestException e)
        {
            return (null, e.Message);
        }
    }
}
