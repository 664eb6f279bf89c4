using System.Text;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>How receivers are named where people and programs may look: a URL can be a secret as a whole.</summary>
public static class ReceiverNames
{
    /// <summary>The same for the same kind and URL: webhook-1a2b3c4d5e6f.</summary>
    public static string IdOf(AlertReceiver receiver) =>
        $"{WireEnum.NameOf(receiver.Kind)}-{Digest.Of(Encoding.UTF8.GetBytes(receiver.Url)).Short}";

    /// <summary>Scheme, host and port; a path and a query are only hinted at.</summary>
    public static string Shown(AlertReceiver receiver) =>
        Uri.TryCreate(receiver.Url, UriKind.Absolute, out var url)
            ? $"{url.Scheme}://{url.Host}{(url.IsDefaultPort ? "" : $":{url.Port}")}{(url.PathAndQuery == "/" ? "" : "/...")}"
            : "(no URL)";
}
