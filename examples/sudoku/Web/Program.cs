using System.Globalization;
using Sudoku.Web;
using Sudoku.Web.Api;
using Zurg.Sdk;
using Zurg.Sdk.AspNetCore;

var portText = Environment.GetEnvironmentVariable("PORT_HTTP");
if (!ushort.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
{
    await Console.Error.WriteLineAsync("sudoku-web: set PORT_HTTP to the port to listen on, for example PORT_HTTP=8088");
    return 2;
}

// The one thing Zurg asks of a client: with its handler, http://sudoku-solver/ is the name of a service. The handler knows
// at every moment which instances are ready, and prefers the less busy one of two.
await using var zurg = ZurgClient.FromEnvironment();
using var http = new HttpClient(zurg.CreateHandler())
{
    BaseAddress = new Uri("http://sudoku-solver/"),
    Timeout = Solvers.AnswerWithin,
};

var instance = Environment.GetEnvironmentVariable("ZURG_INSTANCE") ?? $"pid {Environment.ProcessId}";
var builder = WebApplication.CreateSlimBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
builder.Logging.SetMinimumLevel(LogLevel.Warning);

// And of a server: with it, the agent knows how many requests are under way here, and waits for them before it stops us.
builder.Services.AddSingleton(zurg).AddZurg();
builder.Services.AddSingleton(new Solvers(http));
builder.Services.AddSingleton(PuzzleSet.Load(Path.Combine(AppContext.BaseDirectory, "puzzles.txt")));
builder.Services.AddProblemDetails();

var app = builder.Build();
app.Use((context, next) =>
{
    context.Response.OnStarting(() =>
    {
        context.Response.Headers["X-Zurg-Instance"] = instance;
        return Task.CompletedTask;
    });
    return next(context);
});
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapZurgHealth();
ListPuzzles.Map(app);
SolvePuzzle.Map(app);

await app.StartAsync();
await Console.Out.WriteLineAsync($"sudoku-web, {instance}: ready on http://127.0.0.1:{port}");
await app.WaitForShutdownAsync();
return 0;
