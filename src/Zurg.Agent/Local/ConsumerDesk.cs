using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Zurg.Agent.Usage;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>What the questions of consumers are answered from.</summary>
internal sealed record ConsumerDesk(
    NamingCache Cache, Subscribers Subscribers, ProcessNames Names, SelfDesk Self, UseDesk Uses)
{
    /// <summary>Makes the asking process a subscriber of these services: from now on it is waited for.</summary>
    /// <returns>Null when it was refused, and has been told why.</returns>
    public async Task<SubscriberId?> JoinAsync(HttpContext http, ImmutableArray<ServiceName> services)
    {
        var stop = http.RequestAborted;
        if (LocalCaller.Find(http, out var problem) is not { } subscriber)
        {
            await LocalAnswers.ProblemAsync(http, StatusCodes.Status400BadRequest, "who confirms?", problem, stop);
            return null;
        }

        var name = Names.Of(subscriber.Process);
        if (services.All(s => Subscribers.TryJoin(s, subscriber, name)))
        {
            Uses.Joined(services, subscriber.Process);
            return subscriber;
        }

        await LocalAnswers.ProblemAsync(http, StatusCodes.Status503ServiceUnavailable, "too many subscribers",
            $"this host keeps account of {Subscribers.UsesMax} at most, and once half of them are taken of "
                + $"{Subscribers.UsesOfOneMax} of one process; ask without confirm=true", stop);
        return null;
    }
}
