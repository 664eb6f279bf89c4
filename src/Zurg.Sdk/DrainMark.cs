using System.Net;

namespace Zurg.Sdk;

/// <summary>
/// What an instance that is being stopped says with each answer, before the set without it is here. It names itself: a mark that
/// a proxy handed on is not the proxy's.
/// </summary>
internal static class DrainMark
{
    /// <summary>Its value is SERVICE.INDEX, and <see cref="Refused"/> behind it where the request was not processed.</summary>
    public const string Header = "zurg-draining";

    public const string Refused = "; refused";

    public static bool IsOn(HttpResponseMessage answer, ServiceEndpoint asked) =>
        ValueOf(answer) == asked.Instance || IsRefusal(answer, asked);

    /// <summary>Nothing was done: the same request may go to another instance, whatever its method.</summary>
    public static bool IsRefusal(HttpResponseMessage answer, ServiceEndpoint asked) =>
        answer.StatusCode == HttpStatusCode.ServiceUnavailable && ValueOf(answer) == asked.Instance + Refused;

    private static string? ValueOf(HttpResponseMessage answer) =>
        answer.Headers.NonValidated.TryGetValues(Header, out var values) ? values.ToString() : null;
}
