namespace Zurg.Protocol.Self;

/// <summary>What an instance's own process is told of itself: GET /v1/self, one a line with ?watch=true.</summary>
/// <param name="Instance">SERVICE.INDEX, for example web.0.</param>
/// <param name="State">
/// <see cref="Running"/>, <see cref="Draining"/> or <see cref="Refusing"/>; a state of a newer agent counts as draining.
/// </param>
/// <param name="Epoch">
/// Of the newest word whether to refuse or to accept; handed back with <see cref="LocalInFlight"/>. Null: there never was one.
/// </param>
/// <param name="Ends">True: it is being stopped, whatever its state. One that refuses goes on refusing until its end.</param>
internal sealed record LocalSelf(string Instance, string Service, string State, long? Epoch = null, bool? Ends = null)
{
    public const string Running = "running";

    /// <summary>It is being stopped: answer what still comes, tell clients to go, and say how much is under way.</summary>
    public const string Draining = "draining";

    /// <summary>Answer every new request 503: another side is about to take over and the two must never serve together.</summary>
    public const string Refusing = "refusing";
}

/// <summary>
/// The word of a process: so many requests are under way in it. Said once when it starts to count, when the epoch is another one,
/// and after each change while its state is not running.
/// </summary>
/// <param name="Count">0 or more.</param>
/// <param name="State">The newest state of <see cref="LocalSelf"/> that it went by when it counted.</param>
/// <param name="Epoch">
/// That of the <see cref="LocalSelf"/> that it goes by with all that is under way in it, 0 when that had none. Null: it does not
/// know of epochs, and its state is all that counts.
/// </param>
internal sealed record LocalInFlight(int Count, string State, long? Epoch = null);
