using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Zurg.Master.Api;

/// <summary>What a caller must show.</summary>
/// <param name="Token">The text of the token's file.</param>
/// <param name="Address">The address listened on.</param>
internal sealed record AccessRules(string Token, IPAddress Address);

/// <summary>
/// Who may ask (DESIGN.md promise 10). The Host must be ours, or a page of anybody's could reach us through a name that it lets
/// point here (DNS rebinding); an Origin must be the same, or a browser asks for a foreign page; and the token must be right.
/// </summary>
internal sealed class AccessCheck(RequestDelegate next, AccessRules rules)
{
    private const string Scheme = "Bearer ";
    private readonly byte[] _token = SHA256.HashData(Encoding.UTF8.GetBytes(rules.Token));

    public Task InvokeAsync(HttpContext context) =>
        Refusal(context) is { } refusal ? refusal.ExecuteAsync(context) : next(context);

    private AnyProblem? Refusal(HttpContext context)
    {
        var request = context.Request;
        if (!IsOurs(request.Host, context.Connection.LocalPort))
        {
            return new AnyProblem(
                403,
                $"the Host '{Shown(request.Host.Value)}' is not this master's",
                $"use {rules.Address} or localhost, with the port");
        }

        if (request.Headers.Origin is { Count: > 0 } origin && origin.ToString() != $"{request.Scheme}://{request.Host.Value}")
        {
            return new AnyProblem(403, $"the Origin '{Shown(origin.ToString())}' is another one than this master's");
        }

        if (request.Path == "/healthz" || IsKnown(request.Headers.Authorization.ToString()))
        {
            return null;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return new AnyProblem(
            401, "the token is missing or wrong", "send Authorization: Bearer TOKEN, with the text of the master's token file");
    }

    private bool IsOurs(HostString host, int port) =>
        (host.Port ?? 80) == port
        && (string.Equals(host.Host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Host, out var address)
                && (address.Equals(rules.Address)
                    || address.Equals(IPAddress.Loopback)
                    || address.Equals(IPAddress.IPv6Loopback))));

    // Digests of equal length: the time that the comparison takes says nothing about the token.
    private bool IsKnown(string authorization) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())), _token);

    private static string Shown(string? text) => text is null or { Length: <= 80 } ? text ?? "" : text[..80];
}
