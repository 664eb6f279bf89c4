namespace Zurg.Sdk;

/// <summary>Which URLs name a service.</summary>
internal static class ServiceAddress
{
    private const int LengthMax = 63;

    /// <summary>A DNS label (RFC 1035 section 2.3.1, digits first allowed by RFC 1123 section 2.1).</summary>
    public static bool IsServiceName(string name) =>
        name.Length is >= 1 and <= LengthMax
        && name[0] != '-' && name[^1] != '-'
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>Not localhost, which is this host for everybody, and no address: 2130706433 would be 127.0.0.1.</summary>
    public static bool NamesService(Uri uri) =>
        uri.HostNameType == UriHostNameType.Dns && uri.Host != "localhost" && IsServiceName(uri.Host);
}
