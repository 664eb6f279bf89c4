using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>POST /v1/services/{service}/retire: it is drained and has no instances any more, unless somebody uses it.</summary>
internal static class RetireService
{
    /// <summary>Users named in one refusal; the rest is a number.</summary>
    private const int NamedMax = 50;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/retire", HandleAsync)
        .WithName("retireService").WithTags("services")
        .WithSummary("Drain and remove a service that nobody uses any more")
        .WithDescription(
            "Refused while anybody is declared, follows it, is connected, or was seen within 31 days. With ?seen_before=TIME "
            + "clients that were last seen before that time do not count; those that use it now always do.");

    private static async Task<Results<Accepted<ActionAccepted>, Problem400, Problem404, Problem409>> HandleAsync(
        ServiceName service, DateTimeOffset? seen_before, string? author, Retiring retiring, TimeProvider time,
        CancellationToken stop)
    {
        if (seen_before > time.GetUtcNow())
        {
            return new Problem400("seen_before is in the future", "name the time after which nobody of them will come back");
        }

        return await retiring.RetireAsync(service, seen_before, ShownWords.Author(author), stop) switch
        {
            RetireOutcome.Written => ActionAnswers.Accepted(
                $"{service} is retired: its instances are drained and removed; take it out of cluster.yaml"),
            // Asked twice is asked once: a script may say it again.
            RetireOutcome.NothingToDo(var text) => ActionAnswers.Accepted(text),
            RetireOutcome.UnknownService(var known) => Unknown.Service(service, known),
            RetireOutcome.NotInSpec => new Problem409(
                $"{service} is in cluster.yaml no more: there is nothing to retire", $"see what is left: zurg explain {service}"),
            RetireOutcome.Used(var verdict, _) => Used(service, verdict),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static Problem409 Used(ServiceName service, RetireVerdict.Refused verdict)
    {
        var (users, now) = (verdict.Users, verdict.Users.Count(u => u.Now));
        var latest = users.Where(u => !u.Now).Select(u => u.LastSeen).Max();
        var counts = (now, users.Length - now) switch
        {
            (0, var past) => $"{Clients(past)} used it within the last 31 days",
            (_, 0) => $"{Clients(now)} {(now == 1 ? "uses" : "use")} it now",
            (_, var past) => $"{Clients(now)} {(now == 1 ? "uses" : "use")} it now, {past} more did within the last 31 days",
        };
        return new Problem409(
            $"{service} is not retired: {counts}",
            verdict.BecauseOfNow
                ? $"end these uses first, then ask again: zurg who-uses {service}"
                : "if none of them will come back, say so with a time after they were last seen: "
                    + string.Create(
                        CultureInfo.InvariantCulture,
                        $"zurg retire {service} --seen-before {latest!.Value.UtcDateTime.AddSeconds(1):yyyy-MM-ddTHH:mm:ssZ}"),
            [.. users.Take(NamedMax).Select(ProblemOf)]);
    }

    /// <summary>One user with the evidence.</summary>
    public static Problem ProblemOf(ServiceUser user)
    {
        var where = user.Host is { } host ? $" on {host}" : "";
        var proofs = user.Proofs.Select(p => string.Create(
            CultureInfo.InvariantCulture,
            $"{p.Text} ({p.Source}, {(p.Now ? "now" : $"last at {p.Last.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z")})"));
        return new Problem("", $"{user.Client}{where}: {string.Join("; ", proofs)}");
    }

    private static string Clients(int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "client" : "clients")}");
}
